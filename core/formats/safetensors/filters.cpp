#include "core/formats/safetensors/filters.h"

#include <algorithm>
#include <string_view>

namespace bitlathe::safetensors {

namespace {

constexpr std::int64_t kWidestFilter = 31;

bool says(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

bool isFilter(const Layer& layer, const std::string& name) {
    const int rank = layer.shape.rank();
    if (says(name, "expert") || layer.kind == LayerKind::Embedding) return false;
    return rank == 4 || rank == 5 || (rank == 3 && (says(name, "conv") || layer.shape[2] <= kWidestFilter));
}

bool isTransposedFilter(const std::string& name) { return says(name, "conv_transpose") || says(name, "convtranspose") || says(name, "deconv"); }

}  // namespace

bool liesTransposed(const Model& model, const std::string& tensor) {
    constexpr std::string_view kConv1d[] = {"attn.c_attn.weight", "attn.c_proj.weight", "attn.q_attn.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"};
    return model.producer == "gpt2" && std::any_of(std::begin(kConv1d), std::end(kConv1d), [&](std::string_view ending) { return tensor.ends_with(ending); });
}

void layOutFilters(Model& model) {
    for (Layer& layer : model.layers) {
        const std::string& name = model.graph.value(layer.weight).name;
        const Shape& shape = layer.shape;
        const int rank = shape.rank();
        if (rank < 2 || layer.kind == LayerKind::Norm || layer.kind == LayerKind::Other) continue;
        if (isFilter(layer, name)) {
            const bool transposed = isTransposedFilter(name);
            layer.kind = transposed ? LayerKind::ConvTranspose : LayerKind::Conv;
            layer.channelAxis = transposed ? 1 : 0, layer.reductionAxis = transposed ? 0 : 1;
            layer.layout = transposed ? ChannelLayout{shape[0], shape[1], shape.count(2, rank)} : ChannelLayout{1, shape[0], shape.count(1, rank)};
        } else if (rank == 2 && liesTransposed(model, name)) {
            layer.channelAxis = 1, layer.reductionAxis = 0;
            layer.layout = {shape[0], shape[1], 1};
        }
    }
}

}  // namespace bitlathe::safetensors
