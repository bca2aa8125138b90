#include "core/model/weight_layers.h"

#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <unordered_set>

namespace bitlathe {

namespace {

bool says(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

// By the names that exporters give: there is no operator to ask.
LayerKind kindOf(const std::string& name, const Shape& shape) {
    if (says(name, "norm") || says(name, "ln_")) return LayerKind::Norm;
    if (shape.rank() < 2 || name.ends_with("bias")) return LayerKind::Other;  // BART's final_logits_bias is a matrix of one row
    return says(name, "embd") || says(name, "embed") || says(name, "wte") ? LayerKind::Embedding : LayerKind::Linear;
}

// "blk.0.attn_q.weight" → "blk.0.attn_q", unless another tensor is called so.
std::string layerName(const std::string& tensor, const std::unordered_set<std::string>& names) {
    constexpr std::string_view kEnding = ".weight";
    if (tensor.size() <= kEnding.size() || !tensor.ends_with(kEnding)) return tensor;
    const std::string stem = tensor.substr(0, tensor.size() - kEnding.size());
    return names.contains(stem) ? tensor : stem;
}

Layer layerOf(const Value& value, ValueId id) {
    Layer layer;
    layer.weight = id;
    layer.weightInput = 0;
    layer.shape = value.blocks ? value.blocks->shape : value.packed ? value.packed->shape : value.constant->shape();
    layer.parameters = layer.shape.count();
    layer.bytes = value.packed ? value.packed->bytes() : static_cast<std::int64_t>((value.blocks ? value.blocks->bytes : value.constant->bytes()).size());
    layer.storedAs = value.blocks ? std::string(value.blocks->form->name) : value.packed ? value.packed->form : std::string(nameOf(value.constant->type()));
    layer.kind = kindOf(value.name, layer.shape);
    const int rank = layer.shape.rank();
    const bool numbers = value.blocks || value.packed || isFloat(value.constant->type());
    layer.quantizable = numbers && rank >= 2 && layer.kind != LayerKind::Norm && layer.kind != LayerKind::Other && layer.parameters > 0;
    if (rank >= 2) {
        layer.channelAxis = rank - 2, layer.reductionAxis = rank - 1;
        layer.layout = {1, layer.shape.count(0, rank - 1), layer.shape[rank - 1]};
    } else {
        layer.layout = {1, 1, layer.parameters};
    }
    if (layer.parameters == 0) layer.note = "empty: nothing to quantize";
    else if (!numbers) layer.note = "integers: left as they are";
    else if (!layer.quantizable) layer.note = rank >= 2 && layer.kind == LayerKind::Other ? "a bias: left as it is" : "a vector or a norm: left as it is";
    else if (value.blocks || value.packed) layer.note = "already quantized in the file: quantizing again adds to its error";
    return layer;
}

}  // namespace

std::vector<Layer> weightLayers(const Graph& graph) {
    std::vector<Layer> layers;
    std::unordered_set<std::string> names;
    for (const Value& value : graph.values) names.insert(value.name);
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
        const Value& value = graph.values[v];
        if (!value.constant && !value.blocks && !value.packed) continue;
        layers.push_back(layerOf(value, static_cast<ValueId>(v)));
        layers.back().name = layerName(value.name, names);
    }
    return layers;
}

}  // namespace bitlathe
