// Rewriting a graph node by node: nodes come out in the order in which they are emitted, and every new
// name is made unique. Knows no operators.
#pragma once

#include "core/model/graph.h"

#include <string>
#include <unordered_set>
#include <vector>

namespace bitlathe {

class GraphEdit {
public:
    explicit GraphEdit(Graph& graph);

    ValueId addValue(const std::string& name);
    ValueId addConstant(const std::string& name, Tensor tensor);
    void emit(Node node) { m_nodes.push_back(std::move(node)); }
    // A new node; its name is made unique.
    void emit(std::string op, const std::string& name, std::vector<ValueId> inputs, std::vector<ValueId> outputs, Attributes attributes = {});
    const Node& last() const noexcept { return m_nodes.back(); }  // emitted; there must be one
    // The emitted nodes become the graph's. Call once, at the end.
    void finish() { m_graph.nodes = std::move(m_nodes); }

    const Graph& graph() const noexcept { return m_graph; }
    Graph& graph() noexcept { return m_graph; }

private:
    Graph& m_graph;
    std::vector<Node> m_nodes;
    std::unordered_set<std::string> m_valueNames, m_nodeNames;
};

}  // namespace bitlathe
