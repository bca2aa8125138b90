// The places of a graph where numbers become codes and codes become numbers, for passes that rewrite it.
// Internal to the engine's fusion.
#pragma once

#include "core/model/graph.h"

#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

// A value as codes: what a DequantizeLinear reads or a QuantizeLinear makes. Parameters are constants.
struct CodeEdge {
    NodeId node = -1;  // the DequantizeLinear or QuantizeLinear
    ValueId codes = kNoValue, scale = kNoValue, zero = kNoValue;
    ElementType type = ElementType::U8;
    bool single = true;        // one scale
    std::int64_t axis = 1;     // where not single
    std::int64_t block = 0;    // > 0: one scale per block of the axis
    float firstScale = 1.0f;
    std::int32_t firstZero = 0;

    bool isByte() const noexcept { return type == ElementType::U8 || type == ElementType::I8; }
    bool isSingleByte() const noexcept { return single && isByte(); }
    std::int32_t lowest() const noexcept { return type == ElementType::I8 ? -128 : 0; }
    std::int32_t highest() const noexcept { return type == ElementType::I8 ? 127 : 255; }
    // Same scale, zero point and type, both single.
    bool sameAs(const CodeEdge& other) const noexcept;
};

// A graph that is being rewritten: nodes are replaced in place or marked dead, edges are looked up.
class Rewriting {
public:
    explicit Rewriting(Graph& graph);

    Graph& graph() noexcept { return m_graph; }
    const Graph& graph() const noexcept { return m_graph; }
    std::size_t size() const noexcept { return m_graph.nodes.size(); }
    const Node& node(NodeId id) const { return m_graph.nodes[static_cast<std::size_t>(id)]; }
    bool dead(NodeId id) const { return m_dead[static_cast<std::size_t>(id)]; }
    NodeId producer(ValueId value) const { return value == kNoValue ? -1 : m_producer[static_cast<std::size_t>(value)]; }
    // Living readers of a value, each once.
    std::vector<NodeId> readers(ValueId value) const;
    bool isOutput(ValueId value) const;

    // The codes behind a value that a DequantizeLinear makes, with constant parameters; else nothing.
    std::optional<CodeEdge> codesBehind(ValueId value) const;
    // The codes that a value becomes: its only reader is a QuantizeLinear with one constant scale, and it is
    // no output of the graph; else nothing.
    std::optional<CodeEdge> codesAfter(ValueId value) const;

    // Node `id` becomes `replacement`; `absorbed` (its QuantizeLinear) dies.
    void replace(NodeId id, Node replacement, NodeId absorbed = -1);
    void kill(NodeId id) { m_dead[static_cast<std::size_t>(id)] = true; }
    // Every reader of `from` reads `to` instead.
    void redirect(ValueId from, ValueId to);
    ValueId constant(std::string name, Tensor tensor);
    // Removes dead nodes and what nobody reads.
    void finish();

private:
    Graph& m_graph;
    std::vector<bool> m_dead;
    std::vector<NodeId> m_producer;
    std::vector<std::vector<NodeId>> m_readers;  // grows; entries may be out of date and are checked
};

}  // namespace bitlathe
