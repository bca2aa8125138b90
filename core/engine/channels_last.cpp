#include "core/engine/channels_last.h"

#include "core/model/graph.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

namespace bitlathe {

namespace {

class Layouts {
public:
    explicit Layouts(Graph& graph) : m_graph(graph), m_last(graph.values.size()), m_first(graph.values.size(), true) {}

    void rewrite() {
        std::vector<Node> nodes = std::move(m_graph.nodes);
        for (Node& node : nodes) {
            if (startsImage(node) || (followsImage(node) && adapt(node))) turn(node);
            else settle(node);
            m_nodes.push_back(std::move(node));
        }
        for (const ValueId value : m_graph.outputs) needFirst(value);
        m_graph.nodes = std::move(m_nodes);
        dropUnused(m_graph);
    }

private:
    struct Twin {
        ValueId value = kNoValue;  // the same image with channels last
        int rank = 0;
    };
    Twin& twin(ValueId value) { return m_last[static_cast<std::size_t>(value)]; }
    bool hasTwin(ValueId value) { return value != kNoValue && twin(value).value != kNoValue; }

    ValueId fresh(const std::string& name) {
        const ValueId id = m_graph.addValue(name);
        m_last.emplace_back();
        m_first.push_back(true);
        return id;
    }
    Node turning(const char* op, ValueId from, ValueId to) {
        Node node;
        node.name = m_graph.value(to).name + "_" + op;
        node.op = op;
        node.domain = "bitlathe";
        node.inputs = {from};
        node.outputs = {to};
        return node;
    }

    // Where the image operators have their image inputs.
    static std::vector<std::size_t> imageInputs(const Node& node) {
        if (node.op == "QLinearAdd" || node.op == "QLinearMul") return {0, 3};
        if (node.op != "QLinearConcat") return {0};
        std::vector<std::size_t> list;
        for (std::size_t i = 2; i < node.inputs.size(); i += 3) list.push_back(i);
        return list;
    }

    // Convolutions ask for channels last, and say the rank.
    bool startsImage(Node& node) {
        if (node.op != "QLinearConv") return false;
        const Tensor* filter = m_graph.constant(node.input(3));
        if (!filter || node.input(0) == kNoValue || node.output(0) == kNoValue || node.integer("channels_last", 0) != 0) return false;
        m_rank = filter->shape().rank();
        if (!hasTwin(node.inputs[0])) {
            const ValueId last = fresh(m_graph.value(node.inputs[0]).name + "_channels_last");
            m_nodes.push_back(turning("ToChannelsLast", node.inputs[0], last));
            twin(node.inputs[0]) = {last, m_rank};
        }
        node.domain = "com.microsoft";
        node.attributes["channels_last"] = std::int64_t(1);
        return true;
    }

    // Operators that can go on in that layout, where all their images are in it already.
    bool followsImage(const Node& node) {
        constexpr std::array<std::string_view, 11> kFollowers{"QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearConcat", "QLinearAveragePool",
                                                              "QLinearGlobalAveragePool", "MaxPool", "Slice", "Pad", "Identity"};
        if (node.output(0) == kNoValue || std::find(kFollowers.begin(), kFollowers.end(), node.op) == kFollowers.end()) return false;
        m_rank = 0;
        for (const std::size_t i : imageInputs(node)) {
            if (i >= node.inputs.size() || !hasTwin(node.inputs[i])) return false;
            const int rank = twin(node.inputs[i]).rank;
            if (m_rank != 0 && rank != m_rank) return false;
            m_rank = rank;
        }
        return m_rank != 0;
    }

    // Where an axis of N × C × spatial lies with channels last.
    int moved(std::int64_t axis) const {
        if (axis < 0) axis += m_rank;
        return axis == 0 ? 0 : axis == 1 ? m_rank - 1 : static_cast<int>(axis) - 1;
    }
    ValueId list(const std::string& name, const std::vector<std::int64_t>& values) {
        const ValueId id = m_graph.addConstant(name, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
        m_last.emplace_back();
        m_first.push_back(true);
        return id;
    }

    // Rewrites attributes and parameters for the new layout; false, with nothing changed, where it cannot.
    bool adapt(Node& node) {
        if (node.op == "QLinearConcat") {
            const auto axis = node.integer("axis", 1);
            if (axis < -m_rank || axis >= m_rank) return false;
            node.attributes["axis"] = std::int64_t(moved(axis));
        }
        if (node.op == "QLinearAveragePool" || node.op == "QLinearGlobalAveragePool") node.attributes["channels_last"] = std::int64_t(1);
        if (node.op == "MaxPool") {
            if (node.output(1) != kNoValue || node.integer("ceil_mode", 0) != 0 || m_rank > 4) return false;
            node.op = "NhwcMaxPool";
            node.domain = "com.microsoft";
        }
        if (node.op == "Slice") return adaptSlice(node);
        if (node.op == "Pad") return adaptPad(node);
        return true;
    }
    bool adaptSlice(Node& node) {
        const Tensor *starts = m_graph.constant(node.input(1)), *given = m_graph.constant(node.input(3));
        if (!starts || (node.input(3) != kNoValue && !given)) return false;
        std::vector<std::int64_t> axes(static_cast<std::size_t>(starts->count()));
        std::iota(axes.begin(), axes.end(), 0);
        if (given) axes = toInt64(*given);
        for (auto& axis : axes) {
            if (axis < -m_rank || axis >= m_rank) return false;
            axis = moved(axis);
        }
        node.inputs.resize(std::max<std::size_t>(node.inputs.size(), 4), kNoValue);
        node.inputs[3] = list(node.name + "_axes", axes);
        return true;
    }
    bool adaptPad(Node& node) {
        const Tensor* pads = m_graph.constant(node.input(1));
        if (!pads || node.input(3) != kNoValue || pads->count() != 2 * m_rank) return false;
        const auto old = toInt64(*pads);
        std::vector<std::int64_t> fresh(old.size());
        for (int axis = 0; axis < m_rank; ++axis) {
            fresh[static_cast<std::size_t>(moved(axis))] = old[static_cast<std::size_t>(axis)];
            fresh[static_cast<std::size_t>(moved(axis) + m_rank)] = old[static_cast<std::size_t>(axis + m_rank)];
        }
        node.inputs[1] = list(node.name + "_pads", fresh);
        return true;
    }

    // The node reads and makes images with channels last.
    void turn(Node& node) {
        for (const std::size_t i : imageInputs(node)) node.inputs[i] = twin(node.inputs[i]).value;
        const ValueId out = node.outputs[0], last = fresh(m_graph.value(out).name + "_channels_last");
        twin(out) = {last, m_rank};
        m_first[static_cast<std::size_t>(out)] = false;
        node.outputs[0] = last;
    }

    // The node reads its values as ONNX has them.
    void settle(Node& node) {
        for (const ValueId value : node.inputs) needFirst(value);
        for (const ValueId value : node.captured) needFirst(value);
    }
    void needFirst(ValueId value) {
        if (value == kNoValue || m_first[static_cast<std::size_t>(value)]) return;
        m_nodes.push_back(turning("ToChannelsFirst", twin(value).value, value));
        m_first[static_cast<std::size_t>(value)] = true;
    }

    Graph& m_graph;
    std::vector<Twin> m_last;
    std::vector<bool> m_first;  // exists as ONNX has it
    std::vector<Node> m_nodes;
    int m_rank = 0;  // of the images of the node at hand
};

}  // namespace

void keepChannelsLast(Graph& graph) {
    const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.op == "QLinearConv"; });
    if (any) Layouts(graph).rewrite();
}

}  // namespace bitlathe
