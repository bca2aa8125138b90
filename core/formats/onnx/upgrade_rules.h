// What one upgrade of one operator needs to know and to do; the rules themselves.
#pragma once

#include "core/model/graph_edit.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe::onnx {

class Upgrading {
public:
    Upgrading(Graph& graph, std::int64_t opset, const std::string& fileName);

    std::int64_t opset() const noexcept { return m_opset; }
    const Tensor* constant(ValueId value) const { return m_graph.constant(value); }
    // Whether anybody reads the value: a node, a subgraph, or the caller of the network.
    bool isRead(ValueId value) const { return value != kNoValue && m_read[static_cast<std::size_t>(value)]; }

    // What is known so far: declared, or carried forward through simple operators. -1: unknown.
    int rankOf(ValueId value) const;
    std::int64_t extentOf(ValueId value, int axis) const;
    ElementType typeOf(ValueId value) const;  // float32 where nothing says otherwise

    ValueId add(const std::string& name);  // a new value
    ValueId add(const std::string& name, Tensor tensor);
    ValueId addIntegers(const std::string& name, const std::vector<std::int64_t>& values);  // 1-D
    ValueId addLike(ValueId like, const std::string& name, double value);  // a scalar of that value's type

    // Nodes come out in the order in which they are emitted. The name is made unique.
    void emit(Node node);
    void emit(std::string op, const std::string& name, std::vector<ValueId> inputs, std::vector<ValueId> outputs, Attributes attributes = {});
    void note(const std::string& what) { ++m_notes[what]; }
    [[noreturn]] void refuse(const Node& node, const std::string& why) const;

    void finish() { m_edit.finish(); }  // the emitted nodes become the graph's
    const std::map<std::string, int>& notes() const noexcept { return m_notes; }

private:
    void carryShapes(const Node& node);

    Graph& m_graph;
    GraphEdit m_edit;
    std::int64_t m_opset;
    const std::string& m_fileName;
    std::vector<bool> m_read;
    std::map<std::string, int> m_notes;
};

struct UpgradeRule {
    std::string_view op;
    std::int64_t below;  // applies to files with an older opset
    // Changes the node in place and returns true, or emits what replaces it and returns false.
    bool (*apply)(Upgrading& upgrading, Node& node);
};
std::span<const UpgradeRule> upgradeRules() noexcept;

// Opset < 7: one-sided broadcasting with an `axis` attribute (upgrade_broadcast.cpp).
bool upgradeBroadcast(Upgrading& upgrading, Node& node);
bool upgradePRelu(Upgrading& upgrading, Node& node);
// Opset < 14: normalisation with is_test, spatial and training outputs (upgrade_broadcast.cpp).
bool upgradeBatchNormalization(Upgrading& upgrading, Node& node);
bool upgradeGroupNormalization(Upgrading& upgrading, Node& node);

}  // namespace bitlathe::onnx
