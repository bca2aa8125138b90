// Normalisations, and the scaling of inputs.
#include "core/formats/keras/layers.h"

#include <algorithm>
#include <cmath>

namespace bitlathe::keras {

namespace {

Tensor filled(std::int64_t count, float value) { return Tensor::of(Shape{count}, std::vector<float>(static_cast<std::size_t>(count), value)); }

// The single axis that is normalised along, counted from the front; refuses several.
std::int64_t axisOf(const LayerCall& call, const Flow& flow) {
    const std::vector<std::int64_t> axes = call.settings().integers("axis", {-1});
    if (axes.size() != 1) call.cannot("it normalises over several axes, which cannot be expressed");
    const auto rank = static_cast<std::int64_t>(flow.rank());
    const std::int64_t axis = axes[0] < 0 ? axes[0] + rank : axes[0];
    if (flow.known && (axis < 1 || axis >= rank)) call.refuse("axis " + std::to_string(axes[0]) + " does not fit an input of " + std::to_string(rank) + " axes; the file is damaged");
    return axis;
}

}  // namespace

std::vector<Flow> buildBatchNormalization(const LayerCall& call) {
    const Tensor mean = call.weight("moving_mean", 1);
    const std::int64_t channels = mean.count();
    Flow flow = call.input();
    if (!flow.known) flow = {flow.value, std::vector<std::int64_t>(2, -1), true, false};
    const std::int64_t axis = axisOf(call, flow);
    // ONNX normalises along axis 1.
    if (axis == static_cast<std::int64_t>(flow.rank()) - 1 && flow.rank() > 2) flow = call.first(flow);
    else if (axis == 1) flow = call.last(flow);
    else call.cannot("it normalises along axis " + std::to_string(axis) + ", which cannot be expressed; the last axis and axis 1 can");
    const ValueId scale = call.hasWeight("gamma") ? call.weightConstant("gamma", 1) : call.constant("gamma", filled(channels, 1.0f));
    const ValueId bias = call.hasWeight("beta") ? call.weightConstant("beta", 1) : call.constant("beta", filled(channels, 0.0f));
    flow.value = call.emit("BatchNormalization", {flow.value, scale, bias, call.weightConstant("moving_mean", 1), call.weightConstant("moving_variance", 1)},
                           {{"epsilon", static_cast<float>(call.settings().real("epsilon", 1e-3))}});
    return {flow};
}

std::vector<Flow> buildLayerNormalization(const LayerCall& call) {
    Flow flow = call.last(call.input());
    const std::int64_t axis = axisOf(call, flow);
    if (flow.known && axis != static_cast<std::int64_t>(flow.rank()) - 1) call.cannot("it normalises along axis " + std::to_string(axis) + ", which cannot be expressed; the last axis can");
    if (!flow.known || flow.channels() < 0) {
        if (!call.hasWeight("gamma")) call.refuse("the extent of its input is not known, and it has no scale");
    }
    const ValueId scale = call.hasWeight("gamma") ? call.weightConstant("gamma", 1) : call.constant("gamma", filled(flow.channels(), 1.0f));
    std::vector<ValueId> inputs = {flow.value, scale};
    if (call.hasWeight("beta")) inputs.push_back(call.weightConstant("beta", 1));
    flow.value = call.emit("LayerNormalization", std::move(inputs), {{"axis", std::int64_t(-1)}, {"epsilon", static_cast<float>(call.settings().real("epsilon", 1e-3))}});
    return {flow};
}

std::vector<Flow> buildRescaling(const LayerCall& call) {
    Flow flow = call.input();
    const std::vector<double> scale = call.settings().reals("scale"), offset = call.settings().reals("offset");
    if (scale.size() > 1 || offset.size() > 1) flow = call.last(flow);
    const auto constant = [&](std::string_view part, const std::vector<double>& values) {
        const std::vector<float> narrow(values.begin(), values.end());
        return call.constant(part, narrow.size() == 1 ? Tensor::scalar(narrow[0]) : Tensor::of(Shape{static_cast<std::int64_t>(narrow.size())}, narrow));
    };
    flow.value = call.emit("Mul", {flow.value, constant("scale", scale.empty() ? std::vector<double>{1.0} : scale)});
    if (std::any_of(offset.begin(), offset.end(), [](double o) { return o != 0; })) flow.value = call.emit("Add", {flow.value, constant("offset", offset)}, {}, "add");
    return {flow};
}

std::vector<Flow> buildNormalization(const LayerCall& call) {
    Flow flow = call.last(call.input());
    std::vector<double> mean = call.settings().reals("mean"), variance = call.settings().reals("variance");
    const auto stored = [&](std::string_view name) {
        const Tensor tensor = call.weight(name);
        const auto values = tensor.as<float>();
        return std::vector<double>(values.begin(), values.end());
    };
    if (mean.empty()) mean = stored("mean");
    if (variance.empty()) variance = stored("variance");
    if (mean.size() != variance.size() || mean.empty()) call.refuse("its means and variances do not belong together; the file is damaged");
    std::vector<float> shift(mean.begin(), mean.end()), divisor;
    for (const double v : variance) divisor.push_back(std::max(static_cast<float>(std::sqrt(v)), 1e-7f));  // Keras's epsilon
    const Shape shape = mean.size() == 1 ? Shape{} : Shape{static_cast<std::int64_t>(mean.size())};
    flow.value = call.emit("Sub", {flow.value, call.constant("mean", Tensor::of(shape, shift))}, {}, "centre");
    flow.value = call.emit("Div", {flow.value, call.constant("deviation", Tensor::of(shape, divisor))});
    return {flow};
}

}  // namespace bitlathe::keras
