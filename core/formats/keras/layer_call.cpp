#include "core/formats/keras/layer_call.h"

#include "core/base/error.h"
#include "core/model/opaque_layer.h"

#include <numeric>

namespace bitlathe::keras {

LayerCall::LayerCall(Build& build, const LayerConfig& layer, std::string name, std::string group, std::vector<std::string> path, std::vector<Flow> inputs)
    : m_build(build), m_layer(layer), m_name(std::move(name)), m_group(std::move(group)), m_path(std::move(path)), m_inputs(std::move(inputs)) {}

LayerCall LayerCall::inside(const LayerConfig& inner, std::string name, std::string step, std::vector<Flow> inputs) const {
    std::vector<std::string> path = m_path;
    if (!step.empty()) path.push_back(std::move(step));
    return LayerCall(m_build, inner, std::move(name), m_group, std::move(path), std::move(inputs));
}

void LayerCall::refuse(const std::string& what) const { refuseInput(settings().where() + ": " + what); }

void LayerCall::cannot(const std::string& what) const { throw Inexpressible{what}; }

const Flow& LayerCall::input(std::size_t i) const {
    if (i >= m_inputs.size()) refuse("has " + std::to_string(m_inputs.size()) + " inputs where it needs " + std::to_string(i + 1) + "; the file is damaged");
    return m_inputs[i];
}

std::vector<Flow> LayerCall::named(std::string_view key) const {
    for (const auto& [name, flows] : m_named)
        if (name == key) return flows;
    return {};
}

std::vector<ValueId> LayerCall::emitMany(std::string op, std::vector<ValueId> inputs, std::size_t outputs, Attributes attributes, std::string_view part) const {
    const std::string name = part.empty() ? m_name : m_name + "/" + std::string(part);
    std::vector<ValueId> results;
    for (std::size_t i = 0; i < outputs; ++i) results.push_back(m_build.edit.addValue(outputs > 1 ? name + "/" + std::to_string(i) : name));
    m_build.edit.emit(std::move(op), name, std::move(inputs), results, std::move(attributes));
    return results;
}

ValueId LayerCall::emit(std::string op, std::vector<ValueId> inputs, Attributes attributes, std::string_view part) const {
    return emitMany(std::move(op), std::move(inputs), 1, std::move(attributes), part).front();
}

ValueId LayerCall::constant(std::string_view part, Tensor tensor) const { return m_build.edit.addConstant(m_name + "/" + std::string(part), std::move(tensor)); }
ValueId LayerCall::integers(std::string_view part, std::span<const std::int64_t> values) const {
    return constant(part, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
}
ValueId LayerCall::scalar(std::string_view part, float value) const { return constant(part, Tensor::scalar(value)); }

const StoredWeight* LayerCall::find(std::string_view parameter, std::string_view step) const {
    std::vector<std::string> path = m_path;
    if (!step.empty()) path.emplace_back(step);
    return m_build.weights.find(m_group, path, parameter);
}

Tensor LayerCall::weight(std::string_view parameter, int rank, std::string_view step) const {
    const StoredWeight* stored = find(parameter, step);
    if (!stored) refuse("the file has no weight '" + (step.empty() ? "" : std::string(step) + "/") + std::string(parameter) + "' for it; save the whole model again");
    Tensor tensor = m_build.weights.read(*stored);
    if (tensor.count() == 0) refuse("weight '" + stored->name + "' is empty; the file is damaged");
    if (rank >= 0 && tensor.shape().rank() != rank)
        refuse("weight '" + stored->name + "' has shape " + toText(tensor.shape()) + " where " + std::to_string(rank) + " axes are expected; the file is damaged");
    return tensor;
}

ValueId LayerCall::weightConstant(std::string_view parameter, int rank, const std::vector<std::int64_t>& axes, const std::vector<std::int64_t>& shape, std::string_view step) const {
    const StoredWeight* stored = find(parameter, step);
    std::string key = (stored ? stored->path : std::string()) + "#" + std::to_string(rank);
    for (const std::int64_t axis : axes) key += "," + std::to_string(axis);
    for (const std::int64_t extent : shape) key += ";" + std::to_string(extent);
    if (const auto at = m_build.constants.find(key); stored && at != m_build.constants.end()) return at->second;
    Tensor tensor = weight(parameter, rank, step);
    const std::vector<std::int64_t> original(tensor.shape().begin(), tensor.shape().end());
    if (!axes.empty()) tensor = transposed(tensor, axes);
    if (!shape.empty()) {
        if (const auto count = checkedCount(shape); !count || *count != tensor.count())
            refuse("weight '" + stored->name + "' of " + std::to_string(tensor.count()) + " values does not fit the layer's settings; the file is damaged");
        tensor = tensor.reshaped(Shape(shape));
    }
    const ValueId id = m_build.edit.addConstant(stored->name, std::move(tensor));
    m_build.constants[key] = id;
    m_build.origins.push_back({m_build.edit.graph().value(id).name, stored->path, axes, true, original, {}});
    return id;
}

ValueId LayerCall::derivedConstant(std::string_view parameter, std::string_view use, Tensor tensor, std::vector<std::int64_t> gates) const {
    const StoredWeight* stored = find(parameter, {});
    const std::string key = (stored ? stored->path : m_name) + "|" + std::string(use);
    if (const auto at = m_build.constants.find(key); at != m_build.constants.end()) return at->second;
    WeightOrigin origin{{}, {}, {}, false, {}, {}};
    if (!gates.empty()) {
        const Tensor array = weight(parameter, 2);
        origin = {{}, {}, {1, 0}, true, {array.shape().begin(), array.shape().end()}, std::move(gates)};
    }
    const ValueId id = m_build.edit.addConstant(stored ? stored->name : m_name + "/" + std::string(use), std::move(tensor));
    m_build.constants[key] = id;
    if (!stored) return id;
    origin.constant = m_build.edit.graph().value(id).name;
    origin.path = stored->path;
    m_build.origins.push_back(std::move(origin));
    return id;
}

namespace {

Flow turn(const LayerCall& call, const Flow& flow, bool moved) {
    if (flow.moved == moved || flow.rank() < 3) return flow;
    Flow result = flow;
    result.moved = moved;
    ValueId& known = call.build().turned.try_emplace({flow.value, moved}, kNoValue).first->second;
    if (known == kNoValue) {
        std::vector<std::int64_t> axes(flow.rank());
        std::iota(axes.begin(), axes.end(), 0);
        if (moved) {
            axes.insert(axes.begin() + 1, axes.back());
            axes.pop_back();
        } else {
            axes.push_back(axes[1]);
            axes.erase(axes.begin() + 1);
        }
        known = call.emit("Transpose", {flow.value}, {{"perm", axes}}, moved ? "channels_first" : "channels_last");
        call.build().turned[{known, !moved}] = flow.value;
    }
    result.value = known;
    return result;
}

}  // namespace

Flow LayerCall::first(const Flow& flow) const { return turn(*this, flow, true); }
Flow LayerCall::last(const Flow& flow) const { return turn(*this, flow, false); }

bool LayerCall::channelsFirst() const {
    const std::string format = settings().text("data_format|dim_ordering", "channels_last");
    return format == "channels_first" || format == "th";
}

std::vector<Flow> LayerCall::opaqueNode(const std::string& why) const {
    if (!why.empty()) m_build.notes.push_back(settings().where() + ": " + why + "; the network can be looked at and its weights quantized, but not run");
    Node node;
    node.name = m_name;
    node.domain = kOpaqueDomain;
    node.op = m_layer.className;
    for (const Flow& flow : m_inputs) node.inputs.push_back(last(flow).value);
    for (const StoredWeight* weight : m_build.weights.under(m_group, m_path)) {
        Tensor tensor = m_build.weights.read(*weight);
        const std::vector<std::int64_t> shape(tensor.shape().begin(), tensor.shape().end());
        ValueId& known = m_build.constants.try_emplace(weight->path, kNoValue).first->second;
        if (known == kNoValue) {
            known = m_build.edit.addConstant(weight->name, std::move(tensor));
            m_build.origins.push_back({m_build.edit.graph().value(known).name, weight->path, {}, true, shape, {}});
        }
        node.inputs.push_back(known);
    }
    node.outputs = {m_build.edit.addValue(m_name)};
    const ValueId result = node.outputs[0];
    m_build.edit.emit(std::move(node));
    return {{result, {}, false, false}};
}

Flow LayerCall::activation(const Flow& flow, const std::string& activation, std::string_view part) const {
    Flow result = flow;
    const auto simple = [&](std::string op, Attributes attributes = {}) { result.value = emit(std::move(op), {flow.value}, std::move(attributes), part); };
    const std::int64_t channelAxis = flow.moved ? 1 : -1;
    if (activation == "linear" || activation.empty()) return flow;
    if (activation == "relu" || activation == "ReLU") simple("Relu");
    else if (activation == "relu6") result.value = emit("Clip", {flow.value, scalar("zero", 0.0f), scalar("six", 6.0f)}, {}, part);
    else if (activation == "sigmoid") simple("Sigmoid");
    else if (activation == "tanh") simple("Tanh");
    else if (activation == "softmax" || activation == "Softmax") simple("Softmax", {{"axis", channelAxis}});
    else if (activation == "log_softmax") simple("LogSoftmax", {{"axis", channelAxis}});
    else if (activation == "softplus") simple("Softplus");
    else if (activation == "softsign") simple("Softsign");
    else if (activation == "elu" || activation == "ELU") simple("Elu", {{"alpha", 1.0f}});
    else if (activation == "selu") simple("Selu");
    else if (activation == "exponential") simple("Exp");
    else if (activation == "gelu") simple("Gelu", {{"approximate", std::string("none")}});
    else if (activation == "mish") simple("Mish");
    else if (activation == "leaky_relu" || activation == "LeakyReLU") simple("LeakyRelu", {{"alpha", 0.2f}});
    else if (activation == "hard_sigmoid") simple("HardSigmoid", {{"alpha", m_build.kerasVersion >= 3 ? 1.0f / 6.0f : 0.2f}, {"beta", 0.5f}});
    else if (activation == "hard_silu" || activation == "hard_swish") simple("HardSwish");
    else if (activation == "swish" || activation == "silu")
        result.value = emit("Mul", {flow.value, emit("Sigmoid", {flow.value}, {}, std::string(part) + "/sigmoid")}, {}, part);
    else {
        cannot("activation '" + activation + "' is not known here");
    }
    return result;
}

}  // namespace bitlathe::keras
