#include "core/model/layer.h"

#include "core/model/opaque_layer.h"
#include "core/model/weight_layers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

namespace bitlathe {

std::string_view nameOf(LayerKind kind) noexcept {
    switch (kind) {
    case LayerKind::Conv: return "Conv";
    case LayerKind::ConvTranspose: return "ConvTranspose";
    case LayerKind::Linear: return "Linear";
    case LayerKind::Embedding: return "Embedding";
    case LayerKind::Recurrent: return "Recurrent";
    case LayerKind::Norm: return "Norm";
    case LayerKind::Other: return "Other";
    }
    return "Other";
}

namespace {

// One row per operator that holds weights: which inputs, and what they are.
struct WeightRule {
    std::string_view op;
    LayerKind kind;
    int weightInput;
    int biasInput;  // -1: none
    bool quantizable;
};

constexpr std::array kRules = {
    WeightRule{"Conv", LayerKind::Conv, 1, 2, true},
    WeightRule{"ConvTranspose", LayerKind::ConvTranspose, 1, 2, true},
    WeightRule{"Gemm", LayerKind::Linear, 1, 2, true},
    WeightRule{"MatMul", LayerKind::Linear, 1, -1, true},
    WeightRule{"MatMul", LayerKind::Linear, 0, -1, true},
    WeightRule{"Gather", LayerKind::Embedding, 0, -1, true},
    WeightRule{"LSTM", LayerKind::Recurrent, 1, 3, true},
    WeightRule{"LSTM", LayerKind::Recurrent, 2, -1, true},
    WeightRule{"GRU", LayerKind::Recurrent, 1, 3, true},
    WeightRule{"GRU", LayerKind::Recurrent, 2, -1, true},
    WeightRule{"RNN", LayerKind::Recurrent, 1, 3, true},
    WeightRule{"RNN", LayerKind::Recurrent, 2, -1, true},
    WeightRule{"QLinearConv", LayerKind::Conv, 3, 8, false},
    WeightRule{"QLinearMatMul", LayerKind::Linear, 3, -1, false},
    WeightRule{"QGemm", LayerKind::Linear, 3, 6, false},
    WeightRule{"ConvInteger", LayerKind::Conv, 1, -1, false},
    WeightRule{"MatMulInteger", LayerKind::Linear, 1, -1, false},
    WeightRule{"MatMulIntegerToFloat", LayerKind::Linear, 1, -1, false},
    WeightRule{"MatMulNBits", LayerKind::Linear, 1, -1, false},
    WeightRule{"BatchNormalization", LayerKind::Norm, 1, 2, false},
    WeightRule{"InstanceNormalization", LayerKind::Norm, 1, 2, false},
    WeightRule{"LayerNormalization", LayerKind::Norm, 1, 2, false},
    WeightRule{"GroupNormalization", LayerKind::Norm, 1, 2, false},
    WeightRule{"RMSNormalization", LayerKind::Norm, 1, -1, false},
    WeightRule{"SimplifiedLayerNormalization", LayerKind::Norm, 1, -1, false},
    WeightRule{"SkipLayerNormalization", LayerKind::Norm, 2, 3, false},
    WeightRule{"PRelu", LayerKind::Other, 1, -1, false},
};

// The node that unpacks a stored weight on its way to its reader, or null: a DequantizeLinear or Cast of a constant,
// or a Reshape of what one of them gives (a filter in groups is stored as a matrix).
const Node* unpacker(const Graph& graph, const Uses& uses, ValueId value) {
    if (value == kNoValue) return nullptr;
    const NodeId maker = uses.producer[static_cast<std::size_t>(value)];
    if (maker < 0) return nullptr;
    const Node& node = graph.nodes[static_cast<std::size_t>(maker)];
    if ((node.op == "DequantizeLinear" || node.op == "Cast") && graph.constant(node.input(0))) return &node;
    return node.op == "Reshape" && graph.constant(node.input(1)) ? unpacker(graph, uses, node.input(0)) : nullptr;
}

// The constant behind a value: itself, or what is unpacked.
ValueId storedConstant(const Graph& graph, const Uses& uses, ValueId value) {
    if (graph.constant(value)) return value;
    const Node* node = unpacker(graph, uses, value);
    return node ? node->input(0) : kNoValue;
}

// The weight's shape as its reader sees it.
Shape seenShape(const Graph& graph, const Uses& uses, ValueId value, const Tensor& stored) {
    const NodeId maker = value == kNoValue ? -1 : uses.producer[static_cast<std::size_t>(value)];
    if (maker < 0 || graph.nodes[static_cast<std::size_t>(maker)].op != "Reshape") return stored.shape();
    const std::vector<std::int64_t> dims = toInt64(*graph.constant(graph.nodes[static_cast<std::size_t>(maker)].input(1)));
    return checkedCount(dims) == stored.count() ? Shape(dims) : stored.shape();
}

// Scales and zero points stored with the codes.
std::int64_t parameterBytes(const Graph& graph, const Uses& uses, ValueId value) {
    const Node* node = graph.constant(value) ? nullptr : unpacker(graph, uses, value);
    std::int64_t bytes = 0;
    for (std::size_t i = 1; node && i < node->inputs.size(); ++i)
        if (const Tensor* tensor = graph.constant(node->inputs[i])) bytes += static_cast<std::int64_t>(tensor->bytes().size());
    return bytes;
}

std::string withoutEnding(std::string name, std::initializer_list<std::string_view> endings) {
    for (const auto ending : endings)
        if (name.size() > ending.size() && name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
    return name;
}

bool saysNothing(std::string_view name) {
    return name.empty() || name.find("::") != std::string_view::npos ||
           std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || c == '_'; });
}

// "features.0.weight" → "features.0"; a weight without a name of its own takes the node's:
// "/layer1/conv1/Conv" → "layer1.conv1".
std::string layerName(const Node& node, const std::string& weightName) {
    if (!saysNothing(weightName)) {
        auto name = withoutEnding(weightName, {"_quantized", "_QuantizeLinear", "_q", ".q"});
        name = withoutEnding(name, {".weight", "_w_0", "/kernel:0", "/kernel", "/weight", "_weight", ":0", "_W", ".W", "_w"});
        if (!saysNothing(name)) return name;
    }
    std::string name = withoutEnding(node.name, {"/Conv", "/Gemm", "/MatMul", "/ConvTranspose", "/Gather", "/LSTM", "/GRU"});
    if (name.starts_with('/')) name.erase(0, 1);
    std::replace(name.begin(), name.end(), '/', '.');
    return name.empty() ? std::string(node.op) : name;
}

// Axes and layout of the weight; false when it is no matrix or filter.
bool describe(const Node& node, int weightInput, Layer& layer) {
    const Shape& s = layer.shape;
    const int rank = s.rank();
    const auto around = [&](int axis) {
        layer.channelAxis = axis;
        layer.layout = {s.count(0, axis), s[axis], s.count(axis + 1, rank)};
    };
    if (node.op == "Conv" || node.op == "QLinearConv" || node.op == "ConvInteger") {
        if (rank < 3) return false;
        around(0), layer.reductionAxis = 1;
    } else if (node.op == "ConvTranspose") {
        if (rank < 3) return false;
        around(1), layer.reductionAxis = 0;
    } else if (node.op == "Gemm" || node.op == "QGemm") {
        if (rank != 2) return false;
        const int transposed = node.integer("transB", 0) != 0;
        around(transposed ? 0 : 1), layer.reductionAxis = transposed ? 1 : 0;
    } else if (layer.kind == LayerKind::Linear) {
        if (rank < 2) return false;
        const int channel = weightInput == 0 && node.op == "MatMul" ? rank - 2 : rank - 1;
        around(channel), layer.reductionAxis = channel == rank - 1 ? rank - 2 : rank - 1;
    } else if (layer.kind == LayerKind::Embedding) {
        if (rank != 2 || node.integer("axis", 0) != 0) return false;
        around(0), layer.reductionAxis = 1;
    } else if (layer.kind == LayerKind::Recurrent) {
        if (rank != 3) return false;
        layer.channelAxis = 1, layer.reductionAxis = 2;
        layer.layout = {1, s[0] * s[1], s[2]};
    } else if (node.domain == kOpaqueDomain) {
        if (rank < 2) return false;
        around(rank - 1);  // Keras has output channels last
    } else {
        layer.layout = {1, 1, s.count()};
    }
    return true;
}

// The rules for a node: one per input for a layer whose insides nobody knows.
std::vector<WeightRule> rulesFor(const Node& node) {
    std::vector<WeightRule> rules;
    if (node.domain == kOpaqueDomain) {
        for (std::size_t i = 0; i < node.inputs.size(); ++i) rules.push_back({node.op, LayerKind::Other, static_cast<int>(i), -1, true});
    } else {
        std::copy_if(kRules.begin(), kRules.end(), std::back_inserter(rules), [&](const WeightRule& rule) { return rule.op == node.op; });
    }
    return rules;
}

void addBias(const Graph& graph, const Uses& uses, const WeightRule& rule, const Node& node, Layer& layer) {
    ValueId bias = rule.biasInput >= 0 ? storedConstant(graph, uses, node.input(static_cast<std::size_t>(rule.biasInput))) : kNoValue;
    if (bias == kNoValue && node.op == "MatMul" && node.output(0) != kNoValue) {  // MatMul then Add of a vector is how exporters write a Linear
        const auto& readers = uses.consumers[static_cast<std::size_t>(node.output(0))];
        if (readers.size() == 1) {
            const Node& add = graph.nodes[static_cast<std::size_t>(readers[0])];
            if (add.op == "Add")
                for (const ValueId side : add.inputs)
                    if (const Tensor* vector = graph.constant(side); vector && vector->shape().rank() == 1) bias = side;
        }
    }
    if (bias == kNoValue) return;
    layer.bias = bias;
    const Tensor& tensor = *graph.constant(bias);
    layer.parameters += tensor.count();
    layer.bytes += static_cast<std::int64_t>(tensor.bytes().size());
}

}  // namespace

std::vector<Layer> findLayers(const Graph& graph) {
    if (graph.weightsOnly) return weightLayers(graph);
    const Uses uses(graph);
    std::vector<Layer> layers;
    std::unordered_map<ValueId, std::size_t> byConstant;
    std::unordered_map<std::string, int> names;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const Node& node = graph.nodes[n];
        for (const WeightRule& rule : rulesFor(node)) {
            const ValueId weight = node.input(static_cast<std::size_t>(rule.weightInput));
            const ValueId stored = storedConstant(graph, uses, weight);
            if (stored == kNoValue) continue;
            if (const auto seen = byConstant.find(stored); seen != byConstant.end()) {
                Layer& first = layers[seen->second];
                if (first.note.empty()) first.note = "shared with " + node.name;
                continue;
            }
            const Tensor& tensor = *graph.constant(stored);
            Layer layer;
            layer.kind = rule.kind;
            layer.op = node.op;
            layer.node = static_cast<NodeId>(n);
            layer.weightInput = rule.weightInput;
            layer.weight = weight;
            layer.shape = seenShape(graph, uses, weight, tensor);
            if (!describe(node, rule.weightInput, layer)) continue;
            if (layer.kind == LayerKind::Embedding && !isFloat(tensor.type())) continue;  // a table of indices
            const bool full = tensor.type() == ElementType::F32 || tensor.type() == ElementType::F16 ||
                              tensor.type() == ElementType::BF16 || tensor.type() == ElementType::F64;
            layer.storedAs = std::string(nameOf(tensor.type()));
            layer.quantizable = rule.quantizable && full && stored == weight;
            if (rule.quantizable && !layer.quantizable && !full) layer.note = "already quantized in the file";
            if (tensor.count() == 0) layer.quantizable = false, layer.note = "empty: nothing to quantize";
            layer.parameters = tensor.count();
            layer.bytes = static_cast<std::int64_t>(tensor.bytes().size()) + parameterBytes(graph, uses, weight);
            addBias(graph, uses, rule, node, layer);
            layer.name = layerName(node, graph.value(stored).name);
            if (layer.kind == LayerKind::Recurrent && saysNothing(graph.value(stored).name)) layer.name += rule.weightInput == 1 ? ".W" : ".R";
            if (const int count = names[layer.name]++; count > 0) layer.name += "#" + std::to_string(count + 1);
            byConstant.emplace(stored, layers.size());
            layers.push_back(std::move(layer));
        }
    }
    return layers;
}

void toChannelMajor(const ChannelLayout& layout, std::span<const float> values, std::span<float> out) noexcept {
    const auto [outer, channels, inner] = layout;
    if (outer == 1) {
        std::copy(values.begin(), values.end(), out.begin());
        return;
    }
    // Blocks of channels keep both sides in cache when inner is 1 (a [K,N] matrix).
    constexpr std::int64_t kBlock = 64;
    for (std::int64_t c0 = 0; c0 < channels; c0 += kBlock)
        for (std::int64_t o = 0; o < outer; ++o)
            for (std::int64_t c = c0; c < std::min(c0 + kBlock, channels); ++c)
                std::copy_n(values.begin() + (o * channels + c) * inner, inner, out.begin() + (c * outer + o) * inner);
}

void fromChannelMajor(const ChannelLayout& layout, std::span<const float> values, std::span<float> out) noexcept {
    const auto [outer, channels, inner] = layout;
    constexpr std::int64_t kBlock = 64;
    for (std::int64_t c0 = 0; c0 < channels; c0 += kBlock)
        for (std::int64_t o = 0; o < outer; ++o)
            for (std::int64_t c = c0; c < std::min(c0 + kBlock, channels); ++c)
                std::copy_n(values.begin() + (c * outer + o) * inner, inner, out.begin() + (o * channels + c) * inner);
}

}  // namespace bitlathe
