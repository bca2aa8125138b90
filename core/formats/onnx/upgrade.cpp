#include "core/formats/onnx/upgrade.h"

#include "core/base/error.h"
#include "core/formats/onnx/upgrade_rules.h"
#include "core/tensor/convert.h"

#include <array>

namespace bitlathe::onnx {

Upgrading::Upgrading(Graph& graph, std::int64_t opset, const std::string& fileName)
    : m_graph(graph), m_edit(graph), m_opset(opset), m_fileName(fileName), m_read(graph.values.size(), false) {
    for (const Node& node : graph.nodes)
        for (const auto* list : {&node.inputs, &node.captured})
            for (const ValueId value : *list)
                if (value != kNoValue) m_read[static_cast<std::size_t>(value)] = true;
    for (const ValueId value : graph.outputs) m_read[static_cast<std::size_t>(value)] = true;
}

int Upgrading::rankOf(ValueId value) const {
    if (value == kNoValue) return -1;
    const auto& shape = m_graph.value(value).shape;
    return shape ? static_cast<int>(shape->size()) : -1;
}

std::int64_t Upgrading::extentOf(ValueId value, int axis) const {
    const int rank = rankOf(value);
    return axis >= 0 && axis < rank ? (*m_graph.value(value).shape)[static_cast<std::size_t>(axis)].extent : -1;
}

ElementType Upgrading::typeOf(ValueId value) const {
    return value == kNoValue ? ElementType::F32 : m_graph.value(value).type.value_or(ElementType::F32);
}

ValueId Upgrading::add(const std::string& name) {
    m_read.push_back(true);
    return m_edit.addValue(name);
}

ValueId Upgrading::add(const std::string& name, Tensor tensor) {
    m_read.push_back(true);
    return m_edit.addConstant(name, std::move(tensor));
}

ValueId Upgrading::addIntegers(const std::string& name, const std::vector<std::int64_t>& values) {
    return add(name, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
}

ValueId Upgrading::addLike(ValueId like, const std::string& name, double value) {
    switch (typeOf(like)) {
    case ElementType::F64: return add(name, Tensor::scalar(value));
    case ElementType::I64: return add(name, Tensor::scalar(static_cast<std::int64_t>(value)));
    case ElementType::I32: return add(name, Tensor::scalar(static_cast<std::int32_t>(value)));
    case ElementType::F16: case ElementType::BF16: {
        const bool half = typeOf(like) == ElementType::F16;
        const std::uint16_t bits = half ? floatToHalf(static_cast<float>(value)) : floatToBfloat(static_cast<float>(value));
        std::byte* to = nullptr;
        Tensor tensor = Tensor::allocate(typeOf(like), Shape{}, to);
        to[0] = std::byte(bits & 255), to[1] = std::byte(bits >> 8);
        return add(name, std::move(tensor));
    }
    default: return add(name, Tensor::scalar(static_cast<float>(value)));
    }
}

void Upgrading::emit(Node node) {
    carryShapes(node);
    m_edit.emit(std::move(node));
}

void Upgrading::emit(std::string op, const std::string& name, std::vector<ValueId> inputs, std::vector<ValueId> outputs, Attributes attributes) {
    m_edit.emit(std::move(op), name, std::move(inputs), std::move(outputs), std::move(attributes));
    carryShapes(m_edit.last());
}

void Upgrading::refuse(const Node& node, const std::string& why) const {
    refuseInput("'" + m_fileName + "': node '" + node.name + "' (" + node.op + ", opset " + std::to_string(m_opset) + ") " + why);
}

// Shape and type of the first output, where they follow from the first input alone and the file does not
// declare them. Enough for the rules here; real shape inference is core/engine's.
void Upgrading::carryShapes(const Node& node) {
    static constexpr std::array kSame = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "Identity", "Dropout", "BatchNormalization", "Elu", "Selu",
        "Exp", "Log", "Sqrt", "Neg", "Abs", "Softmax", "LogSoftmax", "Hardmax", "InstanceNormalization", "LRN", "PRelu", "Softplus", "Softsign", "HardSigmoid"};
    static constexpr std::array kSameRank = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Concat", "Pad",
        "Resize", "Slice", "Split", "Transpose", "ReduceMean", "ReduceSum", "ReduceMax"};
    const ValueId from = node.input(0), to = node.output(0);
    if (!node.domain.empty() || from == kNoValue || to == kNoValue) return;
    const Value& source = m_graph.value(from);
    Value& target = m_graph.values[static_cast<std::size_t>(to)];
    const auto in = [&](const auto& list) { return std::find(list.begin(), list.end(), node.op) != list.end(); };
    const bool same = in(kSame), sameRank = in(kSameRank) && (!node.op.starts_with("Reduce") || node.integer("keepdims", 1) != 0);
    if (!target.type && (same || sameRank || node.op == "Add" || node.op == "Mul" || node.op == "Flatten" || node.op == "Reshape")) target.type = source.type;
    if (target.shape) return;
    if (same && source.shape) target.shape = source.shape;
    if (sameRank && source.shape) {
        target.shape.emplace(source.shape->size());
        if (node.op.starts_with("Global"))
            for (std::size_t axis = 2; axis < target.shape->size(); ++axis) (*target.shape)[axis].extent = 1;
    }
    if (node.op == "Flatten" || node.op == "Gemm") target.shape.emplace(2);
    if (node.op == "Add" || node.op == "Mul" || node.op == "Sub" || node.op == "Div" || node.op == "MatMul") {
        const int a = rankOf(from), b = rankOf(node.input(1));
        if (a >= 0 && b >= 0 && (node.op != "MatMul" || (a >= 2 && b >= 2))) target.shape.emplace(static_cast<std::size_t>(std::max(a, b)));
    }
    if (node.op == "Reshape")
        if (const Tensor* shape = m_graph.constant(node.input(1)); shape && shape->shape().rank() == 1)
            target.shape.emplace(static_cast<std::size_t>(shape->count()));
}

void upgrade(Graph& graph, std::int64_t opset, const std::string& fileName, std::vector<std::string>& notes) {
    Upgrading upgrading(graph, opset, fileName);
    std::vector<Node> nodes = std::move(graph.nodes);
    int subgraphs = 0;
    for (Node& node : nodes) {
        for (const auto& [key, value] : node.attributes) {
            const auto* opaque = std::get_if<OpaqueAttribute>(&value);
            if (opaque && (node.op == "If" || node.op == "Loop" || node.op == "Scan")) ++subgraphs;
        }
        bool keep = true;
        if (node.domain.empty()) {
            if (opset < 6) node.attributes.erase("consumed_inputs");
            const std::string op = node.op;  // a rule that renames the node has said all there is to say
            for (const UpgradeRule& rule : upgradeRules())
                if (keep && opset < rule.below && rule.op == op) keep = rule.apply(upgrading, node);
        }
        if (keep) upgrading.emit(std::move(node));
    }
    upgrading.finish();
    for (const auto& [what, count] : upgrading.notes()) notes.push_back(std::to_string(count) + " × " + what + " (opset " + std::to_string(opset) + ")");
    if (subgraphs > 0 && opset < 21)
        notes.push_back(std::to_string(subgraphs) + " subgraphs are kept as they are, with the meaning of opset " + std::to_string(opset));
}

}  // namespace bitlathe::onnx
