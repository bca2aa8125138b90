#include "core/model/graph.h"

#include "core/base/error.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

namespace bitlathe {

namespace {

template <class T>
const T* typed(const Node& node, std::string_view key, const char* expected) {
    const auto found = node.attributes.find(key);
    if (found == node.attributes.end()) return nullptr;
    if (const T* value = std::get_if<T>(&found->second)) return value;
    refuseInput("node '" + node.name + "' (" + node.op + "): attribute '" + std::string(key) + "' is not " + expected +
                "; the file is damaged or was written by a faulty exporter");
}

std::string uniqueName(const Graph& graph, std::string name) {
    const auto taken = [&](const std::string& candidate) { return graph.find(candidate) != kNoValue; };
    if (!taken(name)) return name;
    for (int i = 1;; ++i)
        if (std::string candidate = name + "_" + std::to_string(i); !taken(candidate)) return candidate;
}

}  // namespace

std::int64_t Node::integer(std::string_view key, std::int64_t absent) const {
    const auto* value = typed<std::int64_t>(*this, key, "an integer");
    return value ? *value : absent;
}
float Node::real(std::string_view key, float absent) const {
    const auto* value = typed<float>(*this, key, "a number");
    return value ? *value : absent;
}
std::string Node::text(std::string_view key, std::string_view absent) const {
    const auto* value = typed<std::string>(*this, key, "a text");
    return value ? *value : std::string(absent);
}
std::vector<std::int64_t> Node::integers(std::string_view key, std::vector<std::int64_t> absent) const {
    const auto* value = typed<std::vector<std::int64_t>>(*this, key, "a list of integers");
    return value ? *value : std::move(absent);
}
std::vector<float> Node::reals(std::string_view key, std::vector<float> absent) const {
    const auto* value = typed<std::vector<float>>(*this, key, "a list of numbers");
    return value ? *value : std::move(absent);
}
const Tensor* Node::tensor(std::string_view key) const { return typed<Tensor>(*this, key, "a tensor"); }

std::string Node::qualifiedOp() const { return domain.empty() || domain == "ai.onnx" ? op : domain + "." + op; }

ValueId Graph::find(std::string_view name) const {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i].name == name) return static_cast<ValueId>(i);
    return kNoValue;
}

ValueId Graph::addValue(std::string name) {
    Value value;
    value.name = uniqueName(*this, std::move(name));
    values.push_back(std::move(value));
    return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::addConstant(std::string name, Tensor tensor) {
    const ValueId id = addValue(std::move(name));
    Value& value = values[static_cast<std::size_t>(id)];
    value.type = tensor.type();
    value.shape.emplace();
    for (const auto extent : tensor.shape()) value.shape->push_back({extent, {}});
    value.constant = std::move(tensor);
    return id;
}

Uses::Uses(const Graph& graph)
    : producer(graph.values.size(), -1), consumers(graph.values.size()), isOutput(graph.values.size(), false) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const auto id = static_cast<NodeId>(n);
        const auto reads = [&](ValueId value) {
            if (value == kNoValue) return;
            auto& list = consumers[static_cast<std::size_t>(value)];
            if (list.empty() || list.back() != id) list.push_back(id);
        };
        for (const ValueId value : graph.nodes[n].inputs) reads(value);
        for (const ValueId value : graph.nodes[n].captured) reads(value);
        for (const ValueId value : graph.nodes[n].outputs)
            if (value != kNoValue) producer[static_cast<std::size_t>(value)] = id;
    }
    for (const ValueId value : graph.outputs) isOutput[static_cast<std::size_t>(value)] = true;
}

void sortTopologically(Graph& graph, const std::string& fileName) {
    const Uses uses(graph);
    std::vector<int> missing(graph.nodes.size(), 0);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        std::unordered_set<NodeId> before;
        for (const auto* list : {&graph.nodes[n].inputs, &graph.nodes[n].captured})
            for (const ValueId value : *list)
                if (value != kNoValue && uses.producer[static_cast<std::size_t>(value)] >= 0)
                    before.insert(uses.producer[static_cast<std::size_t>(value)]);
        missing[n] = static_cast<int>(before.size());
    }
    std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
    for (std::size_t n = 0; n < missing.size(); ++n)
        if (missing[n] == 0) ready.push(static_cast<NodeId>(n));
    std::vector<NodeId> order;
    while (!ready.empty()) {
        const NodeId node = ready.top();
        ready.pop();
        order.push_back(node);
        std::unordered_set<NodeId> after;
        for (const ValueId value : graph.nodes[static_cast<std::size_t>(node)].outputs)
            if (value != kNoValue)
                for (const NodeId next : uses.consumers[static_cast<std::size_t>(value)]) after.insert(next);
        for (const NodeId next : after)
            if (--missing[static_cast<std::size_t>(next)] == 0) ready.push(next);
    }
    if (order.size() != graph.nodes.size()) {
        const auto stuck = std::find_if(missing.begin(), missing.end(), [](int count) { return count > 0; }) - missing.begin();
        refuseInput("'" + fileName + "': node '" + graph.nodes[static_cast<std::size_t>(stuck)].name +
                    "' is part of a cycle; a network must not feed itself, export it again");
    }
    std::vector<Node> sorted;
    sorted.reserve(order.size());
    for (const NodeId node : order) sorted.push_back(std::move(graph.nodes[static_cast<std::size_t>(node)]));
    graph.nodes = std::move(sorted);
}

void dropUnused(Graph& graph) {
    std::vector<bool> needed(graph.values.size(), false);
    for (const ValueId value : graph.outputs) needed[static_cast<std::size_t>(value)] = true;
    std::vector<Node> kept;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                      [&](ValueId value) { return value != kNoValue && needed[static_cast<std::size_t>(value)]; });
        if (!used) continue;
        for (const auto* list : {&node->inputs, &node->captured})
            for (const ValueId value : *list)
                if (value != kNoValue) needed[static_cast<std::size_t>(value)] = true;
        for (const ValueId value : node->outputs)
            if (value != kNoValue) needed[static_cast<std::size_t>(value)] = true;
        kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    graph.nodes = std::move(kept);
    for (const ValueId value : graph.inputs) needed[static_cast<std::size_t>(value)] = true;

    std::vector<ValueId> renamed(graph.values.size(), kNoValue);
    std::vector<Value> values;
    for (std::size_t i = 0; i < graph.values.size(); ++i) {
        if (!needed[i]) continue;
        renamed[i] = static_cast<ValueId>(values.size());
        values.push_back(std::move(graph.values[i]));
    }
    graph.values = std::move(values);
    const auto rename = [&](std::vector<ValueId>& list) {
        for (ValueId& value : list)
            if (value != kNoValue) value = renamed[static_cast<std::size_t>(value)];
    };
    rename(graph.inputs);
    rename(graph.outputs);
    for (Node& node : graph.nodes) {
        rename(node.inputs);
        rename(node.outputs);
        rename(node.captured);
    }
}

}  // namespace bitlathe
