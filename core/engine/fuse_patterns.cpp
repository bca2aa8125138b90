#include "core/engine/fuse_patterns.h"

#include "core/kernels/convert_rows.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

constexpr const char* kMicrosoft = "com.microsoft";

const std::string kNoInput = "its input is not quantized to 8 bits with one scale";
const std::string kNoOutput = "its result is not quantized to 8 bits right behind it, or is also read as float";

Node made(const Node& from, std::string op, std::string domain, std::vector<ValueId> inputs, ValueId output) {
    Node node;
    node.name = from.name;
    node.op = std::move(op);
    node.domain = std::move(domain);
    node.inputs = std::move(inputs);
    node.outputs = {output};
    node.attributes = from.attributes;
    return node;
}

std::optional<CodeEdge> byteInput(const Rewriting& graph, ValueId value) {
    auto edge = graph.codesBehind(value);
    if (!edge || !edge->isSingleByte()) return std::nullopt;
    return edge;
}
std::optional<CodeEdge> byteOutput(const Rewriting& graph, ValueId value) {
    auto edge = graph.codesAfter(value);
    if (!edge || !edge->isSingleByte()) return std::nullopt;
    return edge;
}

// A constant weight as codes with one scale, or one per index of `axis` (of a tensor of that rank). Codes of
// 2 and 4 bits become bytes: ONNX Runtime computes with those in float, the values are the same.
struct WeightEdge {
    ValueId codes, scale, zero;
    Shape shape;
    std::vector<float> scales;
};
std::string weightEdge(Rewriting& graph, ValueId value, std::int64_t axis, WeightEdge& weight) {
    const auto edge = graph.codesBehind(value);
    if (!edge) return "its weights are not quantized with constant scales";
    const Tensor* found = graph.graph().constant(edge->codes);
    if (!found) return "its weights are not constant";
    const Tensor codes = *found;  // adding constants moves the values
    if (edge->block > 0) return "its weights have one scale per group; integer products take one per channel";
    if (!isInteger(edge->type) || bitsOf(edge->type) > 8) return "its weights are " + std::string(nameOf(edge->type)) + "; integer products take at most 8 bits";
    const std::int64_t at = edge->axis < 0 ? edge->axis + codes.shape().rank() : edge->axis;
    if (!edge->single && at != axis) return "its weights have one scale per input channel; integer products take one per output channel";
    if (!edge->single && (axis < 0 || axis >= codes.shape().rank() || graph.graph().constant(edge->scale)->count() != codes.shape()[static_cast<int>(axis)]))
        return "its weights have not one scale per output channel";
    weight = {edge->codes, edge->scale, edge->zero, codes.shape(), {}};
    const auto scales = graph.graph().constant(edge->scale)->as<float>();
    weight.scales.assign(scales.begin(), scales.end());
    if (edge->isByte()) return {};
    const bool isSigned8 = isSigned(edge->type);
    const auto widened = [&](const Tensor& packed, const std::string& name) {
        std::byte* bytes = nullptr;
        Tensor tensor = Tensor::allocate(isSigned8 ? ElementType::I8 : ElementType::U8, packed.shape(), bytes);
        unpackCodes(Isa::Reference, bitsOf(packed.type()), isSigned8, reinterpret_cast<const std::uint8_t*>(packed.bytes().data()), packed.count(), reinterpret_cast<std::uint8_t*>(bytes));
        return graph.constant(name, std::move(tensor));
    };
    const Tensor zero = *graph.graph().constant(edge->zero);
    weight.codes = widened(codes, graph.graph().value(edge->codes).name + "_bytes");
    weight.zero = widened(zero, graph.graph().value(edge->zero).name + "_bytes");
    return {};
}

// The bias as int32 in units of x's scale times the weight's, one per channel.
std::string biasEdge(Rewriting& graph, ValueId value, float xScale, const std::vector<float>& scales, std::int64_t channels, ValueId& bias) {
    bias = kNoValue;
    if (value == kNoValue) return {};
    const auto unit = [&](std::size_t i) { return xScale * scales[scales.size() == 1 ? 0 : i]; };
    if (const Tensor* plain = graph.graph().constant(value)) {
        if (!isFloat(plain->type()) || plain->count() != channels) return "its bias is not one number per output channel";
        const Tensor floats = toFloat32(*plain);
        std::vector<std::int32_t> codes(static_cast<std::size_t>(channels));
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const double steps = std::nearbyint(floats.as<float>()[i] / unit(i));
            if (!(std::abs(steps) < 2147483648.0)) return "its bias does not fit int32 at these scales";
            codes[i] = static_cast<std::int32_t>(steps);
        }
        bias = graph.constant(graph.graph().value(value).name + "_int32", Tensor::of(Shape{channels}, codes));
        return {};
    }
    const auto edge = graph.codesBehind(value);
    const Tensor* codes = edge ? graph.graph().constant(edge->codes) : nullptr;
    if (!codes) return "its bias is not constant";
    if (codes->type() != ElementType::I32 || codes->count() != channels || edge->firstZero != 0) return "its bias is not int32 with zero point 0";
    const auto given = graph.graph().constant(edge->scale)->as<float>();
    for (std::size_t i = 0; i < static_cast<std::size_t>(channels); ++i) {
        const float scale = given[given.size() == 1 ? 0 : std::min(i, given.size() - 1)];
        if (std::abs(scale - unit(i)) > 1e-5f * std::abs(unit(i))) return "its bias scale is not input scale times weight scale";
    }
    bias = edge->codes;
    return {};
}

std::string fuseConv(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    const auto x = byteInput(graph, node.input(0));
    if (!x) return kNoInput;
    const auto y = byteOutput(graph, node.output(0));
    if (!y) return kNoOutput;
    WeightEdge w;
    if (auto why = weightEdge(graph, node.input(1), 0, w); !why.empty()) return why;
    if (w.shape.rank() != 3 && w.shape.rank() != 4) return "integer convolution has 1 or 2 spatial axes";
    if (w.shape.count(2, w.shape.rank()) > 4096) return "its kernel is too large for integer convolution";
    ValueId bias = kNoValue;
    if (auto why = biasEdge(graph, node.input(2), x->firstScale, w.scales, w.shape[0], bias); !why.empty()) return why;
    std::vector<ValueId> inputs{x->codes, x->scale, x->zero, w.codes, w.scale, w.zero, y->scale, y->zero};
    if (bias != kNoValue) inputs.push_back(bias);
    graph.replace(id, made(node, "QLinearConv", "", std::move(inputs), y->codes), y->node);
    return {};
}

std::string fuseMatMul(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    const auto a = byteInput(graph, node.input(0));
    if (!a) return kNoInput;
    ValueId codes, scale, zero;
    if (const auto b = byteInput(graph, node.input(1))) {
        codes = b->codes, scale = b->scale, zero = b->zero;
    } else {
        WeightEdge w;
        const auto edge = graph.codesBehind(node.input(1));
        const Tensor* constant = edge ? graph.graph().constant(edge->codes) : nullptr;
        if (auto why = weightEdge(graph, node.input(1), constant ? constant->shape().rank() - 1 : 1, w); !why.empty()) return why;
        codes = w.codes, scale = w.scale, zero = w.zero;
    }
    if (const auto y = byteOutput(graph, node.output(0))) {
        graph.replace(id, made(node, "QLinearMatMul", "", {a->codes, a->scale, a->zero, codes, scale, zero, y->scale, y->zero}, y->codes), y->node);
        return {};
    }
    graph.replace(id, made(node, "MatMulIntegerToFloat", kMicrosoft, {a->codes, codes, a->scale, scale, a->zero, zero}, node.output(0)));
    return {};
}

std::string fuseGemm(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    if (node.real("alpha", 1.0f) != 1.0f || (node.input(2) != kNoValue && node.real("beta", 1.0f) != 1.0f)) return "its alpha or beta is not 1";
    const auto a = byteInput(graph, node.input(0));
    if (!a) return kNoInput;
    const bool transB = node.integer("transB", 0) != 0;
    WeightEdge w;
    if (auto why = weightEdge(graph, node.input(1), transB ? 0 : 1, w); !why.empty()) return why;
    if (w.shape.rank() != 2) return "its weights are not a matrix";
    ValueId bias = kNoValue;
    if (auto why = biasEdge(graph, node.input(2), a->firstScale, w.scales, w.shape[transB ? 0 : 1], bias); !why.empty()) return why;
    const auto y = byteOutput(graph, node.output(0));
    std::vector<ValueId> inputs{a->codes, a->scale, a->zero, w.codes, w.scale, w.zero, bias};
    if (y) inputs.insert(inputs.end(), {y->scale, y->zero});
    Node fused = made(node, "QGemm", kMicrosoft, std::move(inputs), y ? y->codes : node.output(0));
    fused.attributes.erase("beta");
    graph.replace(id, std::move(fused), y ? y->node : -1);
    return {};
}

std::string fuseBinary(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    const auto a = byteInput(graph, node.input(0)), b = byteInput(graph, node.input(1));
    if (!a || !b) return "not both of its inputs are quantized to 8 bits with one scale";
    const auto y = byteOutput(graph, node.output(0));
    if (!y) return kNoOutput;
    if (a->type != b->type || a->type != y->type) return "its inputs and its result differ in their type of codes";
    graph.replace(id, made(node, "QLinear" + node.op, kMicrosoft, {a->codes, a->scale, a->zero, b->codes, b->scale, b->zero, y->scale, y->zero}, y->codes), y->node);
    return {};
}

std::string fuseUnary(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    const auto x = byteInput(graph, node.input(0));
    if (!x) return kNoInput;
    const auto y = byteOutput(graph, node.output(0));
    if (!y) return kNoOutput;
    if (x->type != y->type) return "its input and its result differ in their type of codes";
    if (node.op == "AveragePool") {
        if (node.integers("kernel_shape").size() > 2) return "integer pools have 1 or 2 spatial axes";
        if (node.integer("ceil_mode", 0) != 0) return "rounds its output extents up";
        for (const auto step : node.integers("dilations"))
            if (step != 1) return "its window is dilated";
    }
    Node fused = made(node, "QLinear" + node.op, kMicrosoft, {x->codes, x->scale, x->zero, y->scale, y->zero}, y->codes);
    if (node.op == "Softmax") fused.attributes["opset"] = std::int64_t(13);
    graph.replace(id, std::move(fused), y->node);
    return {};
}

std::string fuseConcat(Rewriting& graph, NodeId id) {
    const Node node = graph.node(id);
    const auto y = byteOutput(graph, node.output(0));
    if (!y) return kNoOutput;
    std::vector<ValueId> inputs{y->scale, y->zero};
    for (const ValueId value : node.inputs) {
        const auto x = byteInput(graph, value);
        if (!x) return "not all of its inputs are quantized to 8 bits with one scale";
        if (x->type != y->type) return "its inputs and its result differ in their type of codes";
        inputs.insert(inputs.end(), {x->codes, x->scale, x->zero});
    }
    graph.replace(id, made(node, "QLinearConcat", kMicrosoft, std::move(inputs), y->codes), y->node);
    return {};
}

// The operator moves elements or picks the largest: it works on codes as they are, where both sides share
// scale and zero point.
std::string fusePassThrough(Rewriting& graph, NodeId id) {
    Node node = graph.node(id);
    if (node.op == "MaxPool" && node.output(1) != kNoValue) return "also gives the places of its maxima";
    if (node.op == "Resize" && node.text("mode", "nearest") != "nearest") return "interpolates";
    const auto x = byteInput(graph, node.input(0));
    if (!x) return kNoInput;
    const auto y = byteOutput(graph, node.output(0));
    if (!y) return kNoOutput;
    if (!x->sameAs(*y)) return "its input and its result differ in scale or zero point";
    if (node.op == "Pad" && node.text("mode", "constant") == "constant") {
        const Tensor* fill = graph.graph().constant(node.input(2));
        if (node.input(2) != kNoValue && (!fill || fill->count() != 1 || toFloat32(*fill).as<float>()[0] != 0.0f)) return "pads with another number than 0";
        node.inputs.resize(std::max<std::size_t>(node.inputs.size(), 3), kNoValue);
        node.inputs[2] = graph.constant(node.name + "_zero", graph.graph().constant(x->zero)->reshaped(Shape{}));
    }
    node.inputs[0] = x->codes;
    node.outputs = {y->codes};
    graph.replace(id, std::move(node), y->node);
    return {};
}

// As above, with several results; those that nobody reads do not matter.
std::string fuseSplit(Rewriting& graph, NodeId id) {
    Node node = graph.node(id);
    const auto x = byteInput(graph, node.input(0));
    if (!x) return kNoInput;
    node.inputs[0] = x->codes;
    std::vector<NodeId> absorbed;
    for (ValueId& output : node.outputs) {
        if (output == kNoValue || (graph.readers(output).empty() && !graph.isOutput(output))) continue;
        const auto y = byteOutput(graph, output);
        if (!y) return kNoOutput;
        if (!x->sameAs(*y)) return "its input and its results differ in scale or zero point";
        output = y->codes;
        absorbed.push_back(y->node);
    }
    graph.replace(id, std::move(node));
    for (const NodeId quantize : absorbed) graph.kill(quantize);
    return {};
}

constexpr PatternRow kPatterns[] = {
    {"Conv", fuseConv},
    {"MatMul", fuseMatMul},
    {"Gemm", fuseGemm},
    {"Add", fuseBinary},
    {"Mul", fuseBinary},
    {"Concat", fuseConcat},
    {"AveragePool", fuseUnary},
    {"GlobalAveragePool", fuseUnary},
    {"Sigmoid", fuseUnary},
    {"LeakyRelu", fuseUnary},
    {"Softmax", fuseUnary},
    {"MaxPool", fusePassThrough},
    {"Reshape", fusePassThrough},
    {"Flatten", fusePassThrough},
    {"Transpose", fusePassThrough},
    {"Squeeze", fusePassThrough},
    {"Unsqueeze", fusePassThrough},
    {"Slice", fusePassThrough},
    {"Split", fuseSplit},
    {"Gather", fusePassThrough},
    {"Expand", fusePassThrough},
    {"Tile", fusePassThrough},
    {"Identity", fusePassThrough},
    {"DepthToSpace", fusePassThrough},
    {"SpaceToDepth", fusePassThrough},
    {"Resize", fusePassThrough},
    {"Pad", fusePassThrough},
};

}  // namespace

std::span<const PatternRow> fusePatterns() noexcept { return kPatterns; }

}  // namespace bitlathe
