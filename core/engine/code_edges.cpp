#include "core/engine/code_edges.h"

#include <algorithm>

namespace bitlathe {

namespace {

bool isDequantize(const Node& node) { return node.op == "DequantizeLinear"; }
bool isQuantize(const Node& node) { return node.op == "QuantizeLinear"; }

bool reads(const Node& node, ValueId value) {
    return std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end() ||
           std::find(node.captured.begin(), node.captured.end(), value) != node.captured.end();
}

// Scale and zero point of a Q or DQ node; its codes are `codes`.
std::optional<CodeEdge> edgeOf(const Graph& graph, NodeId id, const Node& node, ValueId codes) {
    const Tensor* scale = graph.constant(node.input(1));
    const Tensor* zero = graph.constant(node.input(2));
    if (!scale || !zero || scale->type() != ElementType::F32 || scale->count() < 1 || zero->count() != scale->count()) return std::nullopt;
    CodeEdge edge;
    edge.node = id;
    edge.codes = codes;
    edge.scale = node.input(1);
    edge.zero = node.input(2);
    edge.type = zero->type();
    edge.block = node.integer("block_size", 0);
    edge.single = scale->count() == 1 && scale->shape().rank() <= 1 && edge.block == 0;
    edge.axis = node.integer("axis", 1);
    edge.firstScale = scale->as<float>()[0];
    if (isInteger(edge.type)) edge.firstZero = static_cast<std::int32_t>(toInt64(*zero)[0]);
    return edge;
}

}  // namespace

bool CodeEdge::sameAs(const CodeEdge& other) const noexcept {
    return single && other.single && type == other.type && firstScale == other.firstScale && firstZero == other.firstZero;
}

Rewriting::Rewriting(Graph& graph) : m_graph(graph), m_dead(graph.nodes.size(), false) {
    Uses uses(graph);
    m_producer = std::move(uses.producer);
    m_readers = std::move(uses.consumers);
}

std::vector<NodeId> Rewriting::readers(ValueId value) const {
    std::vector<NodeId> living;
    if (value == kNoValue) return living;
    for (const NodeId id : m_readers[static_cast<std::size_t>(value)])
        if (!dead(id) && reads(node(id), value) && std::find(living.begin(), living.end(), id) == living.end()) living.push_back(id);
    return living;
}

bool Rewriting::isOutput(ValueId value) const {
    return std::find(m_graph.outputs.begin(), m_graph.outputs.end(), value) != m_graph.outputs.end();
}

std::optional<CodeEdge> Rewriting::codesBehind(ValueId value) const {
    const NodeId id = producer(value);
    if (id < 0 || dead(id) || !isDequantize(node(id))) return std::nullopt;
    return edgeOf(m_graph, id, node(id), node(id).input(0));
}

std::optional<CodeEdge> Rewriting::codesAfter(ValueId value) const {
    if (value == kNoValue || isOutput(value)) return std::nullopt;
    const auto list = readers(value);
    if (list.size() != 1 || !isQuantize(node(list[0])) || node(list[0]).input(0) != value) return std::nullopt;
    auto edge = edgeOf(m_graph, list[0], node(list[0]), node(list[0]).output(0));
    if (edge && !edge->single) return std::nullopt;
    return edge;
}

void Rewriting::replace(NodeId id, Node replacement, NodeId absorbed) {
    if (absorbed >= 0) kill(absorbed);
    for (const ValueId value : replacement.inputs)
        if (value != kNoValue) m_readers[static_cast<std::size_t>(value)].push_back(id);
    for (const ValueId value : replacement.outputs)
        if (value != kNoValue) m_producer[static_cast<std::size_t>(value)] = id;
    m_graph.nodes[static_cast<std::size_t>(id)] = std::move(replacement);
}

void Rewriting::redirect(ValueId from, ValueId to) {
    for (const NodeId id : readers(from)) {
        Node& reader = m_graph.nodes[static_cast<std::size_t>(id)];
        std::replace(reader.inputs.begin(), reader.inputs.end(), from, to);
        std::replace(reader.captured.begin(), reader.captured.end(), from, to);
        m_readers[static_cast<std::size_t>(to)].push_back(id);
    }
}

ValueId Rewriting::constant(std::string name, Tensor tensor) {
    const ValueId id = m_graph.addConstant(std::move(name), std::move(tensor));
    m_producer.push_back(-1);
    m_readers.emplace_back();
    return id;
}

void Rewriting::finish() {
    std::vector<Node> kept;
    for (std::size_t i = 0; i < m_graph.nodes.size(); ++i)
        if (!m_dead[i]) kept.push_back(std::move(m_graph.nodes[i]));
    m_graph.nodes = std::move(kept);
    dropUnused(m_graph);
}

}  // namespace bitlathe
