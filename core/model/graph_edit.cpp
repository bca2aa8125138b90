#include "core/model/graph_edit.h"

namespace bitlathe {

namespace {

std::string unique(std::unordered_set<std::string>& taken, const std::string& name) {
    std::string candidate = name;
    for (int i = 1; !taken.insert(candidate).second; ++i) candidate = name + "_" + std::to_string(i);
    return candidate;
}

}  // namespace

GraphEdit::GraphEdit(Graph& graph) : m_graph(graph) {
    for (const Value& value : graph.values) m_valueNames.insert(value.name);
    for (const Node& node : graph.nodes) m_nodeNames.insert(node.name);
}

ValueId GraphEdit::addValue(const std::string& name) {
    m_graph.values.push_back({unique(m_valueNames, name), {}, {}, {}});
    return static_cast<ValueId>(m_graph.values.size() - 1);
}

ValueId GraphEdit::addConstant(const std::string& name, Tensor tensor) {
    const ValueId id = addValue(name);
    Value& value = m_graph.values.back();
    value.type = tensor.type();
    value.shape.emplace();
    for (const auto extent : tensor.shape()) value.shape->push_back({extent, {}});
    value.constant = std::move(tensor);
    return id;
}

void GraphEdit::emit(std::string op, const std::string& name, std::vector<ValueId> inputs, std::vector<ValueId> outputs, Attributes attributes) {
    Node node;
    node.name = unique(m_nodeNames, name);
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    node.attributes = std::move(attributes);
    m_nodes.push_back(std::move(node));
}

}  // namespace bitlathe
