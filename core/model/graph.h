// A network as a graph of operators over named values, whatever file it came from. The operators are
// ONNX's, with the meaning of opset 21 or later: readers upgrade what older files say.
// Knows no engine: which operators can run is core/engine's business.
#pragma once

#include "core/model/attribute.h"
#include "core/tensor/block_tensor.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bitlathe {

struct PackedTensor;

using ValueId = std::int32_t;
using NodeId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is left out

// One extent of a declared shape: a number, a name ("batch"), or unknown.
struct Dim {
    std::int64_t extent = -1;  // -1: not known
    std::string symbol;        // only where extent is -1
    bool operator==(const Dim&) const = default;
};

struct Value {
    std::string name;  // unique in the graph, never empty
    std::optional<ElementType> type;
    std::optional<std::vector<Dim>> shape;
    std::optional<Tensor> constant;  // an initializer; such a value has no producer
    std::optional<BlockTensor> blocks;  // a weight that the file stores in blocks; never with `constant`
    std::shared_ptr<const PackedTensor> packed;  // a weight that becomes an array when it is looked at; without the other two
    bool operator==(const Value&) const = default;
};

struct Node {
    std::string name;    // unique in the graph, never empty: readers make one up where the file has none
    std::string domain;  // "" is ai.onnx
    std::string op;
    std::vector<ValueId> inputs, outputs;  // kNoValue where left out; there is always a first output
    std::vector<ValueId> captured;         // values of this graph that its subgraphs read
    Attributes attributes;

    // The attribute's value, or the default when it is absent. Throws Error(Input) naming the node when
    // the attribute is there but of another type.
    std::int64_t integer(std::string_view key, std::int64_t absent) const;
    float real(std::string_view key, float absent) const;
    std::string text(std::string_view key, std::string_view absent) const;
    std::vector<std::int64_t> integers(std::string_view key, std::vector<std::int64_t> absent = {}) const;
    std::vector<float> reals(std::string_view key, std::vector<float> absent = {}) const;
    const Tensor* tensor(std::string_view key) const;
    bool has(std::string_view key) const { return attributes.contains(key); }

    ValueId input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
    ValueId output(std::size_t i) const { return i < outputs.size() ? outputs[i] : kNoValue; }
    // "Conv", or "com.microsoft.QLinearAdd" outside ai.onnx.
    std::string qualifiedOp() const;
};

// Nodes are in topological order: readers sort, and refuse cycles.
struct Graph {
    std::string name;
    std::vector<Value> values;
    std::vector<Node> nodes;
    std::vector<ValueId> inputs, outputs;  // inputs: what a run must supply, without initializers
    bool weightsOnly = false;  // the file holds weights and says nothing of what reads them: no nodes, nothing can run

    const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
    const Tensor* constant(ValueId id) const {
        return id >= 0 && value(id).constant ? &*value(id).constant : nullptr;
    }
    ValueId find(std::string_view name) const;  // kNoValue when there is none; linear

    // For building: names are made unique by a suffix.
    ValueId addValue(std::string name);
    ValueId addConstant(std::string name, Tensor tensor);
};

// Who makes and who reads each value. A snapshot: made anew after the graph changed.
struct Uses {
    explicit Uses(const Graph& graph);
    std::vector<NodeId> producer;                // -1: an input or a constant
    std::vector<std::vector<NodeId>> consumers;  // each node once, in order; captured values count
    std::vector<bool> isOutput;
};

// Puts nodes into topological order, keeping the file's order where it can. Throws Error(Input) naming a
// value on the cycle when there is one.
void sortTopologically(Graph& graph, const std::string& fileName);

// Drops nodes whose outputs nobody reads, and constants that nobody reads; ids change.
void dropUnused(Graph& graph);

}  // namespace bitlathe
