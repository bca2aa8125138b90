#include "core/engine/fuse_integer.h"

#include "core/engine/fuse_patterns.h"

#include <algorithm>
#include <array>
#include <limits>

namespace bitlathe {

namespace {

bool isQuantize(const Node& node) { return node.op == "QuantizeLinear"; }
bool isDequantize(const Node& node) { return node.op == "DequantizeLinear"; }

// A QuantizeLinear or DequantizeLinear may leave its zero point out; the patterns want one.
void completeZeroPoints(Graph& graph) {
    std::vector<std::optional<ElementType>> made(graph.values.size());
    std::vector<std::pair<std::size_t, ElementType>> missing;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const Node& node = graph.nodes[n];
        if (!isQuantize(node) && !isDequantize(node)) continue;
        const Tensor* zero = graph.constant(node.input(2));
        std::optional<ElementType> type = zero ? std::optional(zero->type()) : std::nullopt;
        if (node.input(2) == kNoValue && isQuantize(node) && node.integer("output_dtype", 0) == 0) type = ElementType::U8;
        if (node.input(2) == kNoValue && isDequantize(node)) {
            const ValueId codes = node.input(0);
            const Tensor* constant = graph.constant(codes);
            type = constant ? std::optional(constant->type()) : codes == kNoValue ? std::nullopt : made[static_cast<std::size_t>(codes)];
        }
        if (type && isQuantize(node) && node.output(0) != kNoValue) made[static_cast<std::size_t>(node.output(0))] = type;
        if (type && node.input(2) == kNoValue && graph.constant(node.input(1)) && isInteger(*type)) missing.emplace_back(n, *type);
    }
    for (const auto& [n, type] : missing) {
        Node& node = graph.nodes[n];
        const Shape shape = graph.constant(node.input(1))->shape();
        std::byte* bytes = nullptr;
        Tensor zero = Tensor::allocate(type, shape, bytes);
        std::fill_n(bytes, zero.bytes().size(), std::byte{0});
        const ValueId id = graph.addConstant(node.name + "_zero_point", std::move(zero));
        node.inputs.resize(3, kNoValue);
        node.inputs[2] = id;
    }
}

// What an activation cuts off; a quantization whose codes end no further out makes it superfluous.
bool clipRange(const Graph& graph, const Node& node, float& low, float& high) {
    low = -std::numeric_limits<float>::infinity();
    high = std::numeric_limits<float>::infinity();
    if (node.op == "Relu") {
        low = 0.0f;
        return true;
    }
    if (node.op != "Clip") return false;
    const auto bound = [&](std::size_t i, float& value) {
        if (node.input(i) == kNoValue) return true;
        const Tensor* constant = graph.constant(node.input(i));
        if (!constant || constant->count() != 1) return false;
        value = toFloat32(*constant).as<float>()[0];
        return true;
    };
    return bound(1, low) && bound(2, high);
}

void dropSuperfluousActivations(Rewriting& graph, IntegerFusion& fusion) {
    for (std::size_t n = 0; n < graph.size(); ++n) {
        const auto id = static_cast<NodeId>(n);
        const Node& node = graph.node(id);
        float low, high;
        if (node.input(0) == kNoValue || !clipRange(graph.graph(), node, low, high)) continue;
        const auto after = graph.codesAfter(node.output(0));
        if (!after || !after->isByte()) continue;
        const float least = static_cast<float>(after->lowest() - after->firstZero) * after->firstScale;
        const float most = static_cast<float>(after->highest() - after->firstZero) * after->firstScale;
        if (least < low || most > high) {
            fusion.reasons[node.name] = node.op + " must cut what the codes behind it can hold: their zero point is not the lowest code, or their range is too wide";
            continue;
        }
        graph.redirect(node.output(0), node.input(0));
        graph.kill(id);
    }
}

// DequantizeLinear straight into QuantizeLinear: nothing, or a table from codes to codes.
void joinCodes(Rewriting& graph, IntegerFusion& fusion) {
    for (std::size_t n = 0; n < graph.size(); ++n) {
        const auto id = static_cast<NodeId>(n);
        if (graph.dead(id) || !isQuantize(graph.node(id))) continue;
        const Node node = graph.node(id);
        const auto before = graph.codesBehind(node.input(0));
        const Tensor *scale = graph.graph().constant(node.input(1)), *zero = graph.graph().constant(node.input(2));
        if (!before || !before->isSingleByte() || graph.graph().constant(before->codes) || !scale || !zero || scale->count() != 1 || zero->count() != 1 || zero->type() != before->type) continue;
        Node table;
        table.name = node.name;
        const bool same = scale->type() == ElementType::F32 && scale->as<float>()[0] == before->firstScale && toInt64(*zero)[0] == before->firstZero;
        if (same && !graph.isOutput(node.output(0))) {
            graph.redirect(node.output(0), before->codes);
            graph.kill(id);
            continue;
        }
        table.op = same ? "Identity" : "QLinearConcat";
        table.domain = same ? "" : "com.microsoft";
        table.inputs = {node.input(1), node.input(2), before->codes, before->scale, before->zero};
        if (same) table.inputs = {before->codes};
        else table.attributes["axis"] = std::int64_t(0);
        table.outputs = node.outputs;
        graph.replace(id, std::move(table));
        fusion.integer.insert(node.name);
    }
}

bool isBesideCodes(const Rewriting& graph, const Node& node) {
    for (const ValueId value : node.inputs)
        if (const NodeId from = graph.producer(value); from >= 0 && !graph.dead(from) && isDequantize(graph.node(from)) &&
                                                       !graph.graph().constant(graph.node(from).input(0)))
            return true;
    for (const ValueId value : node.outputs) {
        if (value == kNoValue) continue;
        for (const NodeId reader : graph.readers(value))
            if (isQuantize(graph.node(reader))) return true;
    }
    return false;
}

}  // namespace

bool computesOnCodes(std::string_view op) noexcept {
    constexpr std::array<std::string_view, 6> kOthers{"ConvInteger", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QGemm", "NhwcMaxPool"};
    return op.starts_with("QLinear") || std::find(kOthers.begin(), kOthers.end(), op) != kOthers.end();
}

IntegerFusion fuseInteger(Graph& source) {
    IntegerFusion fusion;
    completeZeroPoints(source);
    Rewriting graph(source);
    dropSuperfluousActivations(graph, fusion);
    for (std::size_t n = 0; n < graph.size(); ++n) {
        const auto id = static_cast<NodeId>(n);
        if (graph.dead(id) || isQuantize(graph.node(id)) || isDequantize(graph.node(id))) continue;
        const std::string name = graph.node(id).name, op = graph.node(id).op, domain = graph.node(id).domain;
        if (computesOnCodes(op) || !isBesideCodes(graph, graph.node(id))) continue;
        const auto patterns = fusePatterns();
        const auto row = std::find_if(patterns.begin(), patterns.end(), [&](const PatternRow& candidate) { return candidate.op == op && domain.empty(); });
        if (row == patterns.end()) {
            fusion.reasons.try_emplace(name, op + " has no integer form; ONNX Runtime keeps it in float too");
            continue;
        }
        if (std::string why = row->fuse(graph, id); why.empty()) fusion.integer.insert(name);
        else fusion.reasons[name] = std::move(why);
    }
    joinCodes(graph, fusion);
    graph.finish();
    return fusion;
}

}  // namespace bitlathe
