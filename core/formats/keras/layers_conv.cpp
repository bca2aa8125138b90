// Convolutions. Keras has filters as spatial × in × out, ONNX as out × in × spatial.
#include "core/formats/keras/layers.h"

#include <algorithm>

namespace bitlathe::keras {

namespace {

std::size_t spatialAxes(const LayerCall& call) {
    const std::string& name = call.layer().className;
    return name.find("1D") != std::string::npos ? 1 : name.find("3D") != std::string::npos ? 3 : 2;
}

// in × out (the last two) to the front: out, in, spatial.
std::vector<std::int64_t> filterAxes(std::size_t axes) {
    std::vector<std::int64_t> order = {static_cast<std::int64_t>(axes) + 1, static_cast<std::int64_t>(axes)};
    for (std::size_t i = 0; i < axes; ++i) order.push_back(static_cast<std::int64_t>(i));
    return order;
}

bool usesBias(const LayerCall& call) { return call.settings().flag("use_bias|bias", true); }

ValueId convolve(const LayerCall& call, Image& image, ValueId filter, const Window& window, std::int64_t group, bool bias, std::string_view part = {}) {
    Attributes attributes;
    applyWindow(call, window, image, attributes);
    if (group != 1) attributes["group"] = group;
    std::vector<ValueId> inputs = {image.value, filter};
    if (bias) inputs.push_back(call.weightConstant("bias", 1));
    return call.emit("Conv", std::move(inputs), std::move(attributes), part);
}

// The depthwise filter of spatial × channels × multiplier as (channels · multiplier) × 1 × spatial.
ValueId depthwise(const LayerCall& call, Image& image, const Window& window, std::string_view parameter, bool bias, std::string_view part = {}) {
    const std::size_t axes = image.spatial.size();
    const Tensor stored = call.weight(parameter, static_cast<int>(axes) + 2);
    const std::int64_t channels = stored.shape()[axes], multiplier = stored.shape()[axes + 1];
    std::vector<std::int64_t> order = {static_cast<std::int64_t>(axes), static_cast<std::int64_t>(axes) + 1}, shape = {channels * multiplier, 1};
    for (std::size_t i = 0; i < axes; ++i) {
        order.push_back(static_cast<std::int64_t>(i));
        shape.push_back(stored.shape()[i]);
    }
    const ValueId filter = call.weightConstant(parameter, static_cast<int>(axes) + 2, order, shape);
    const ValueId result = convolve(call, image, filter, window, channels, bias, part);
    image.channels = channels * multiplier;
    return result;
}

std::vector<std::int64_t> kernelOf(const Tensor& filter, std::size_t axes) { return {filter.shape().begin(), filter.shape().begin() + static_cast<std::ptrdiff_t>(axes)}; }

std::string_view stridesKey() { return "strides|subsample|subsample_length"; }

}  // namespace

std::vector<Flow> buildConv(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const Tensor stored = call.weight("kernel", static_cast<int>(axes) + 2);
    const ValueId filter = call.weightConstant("kernel", static_cast<int>(axes) + 2, filterAxes(axes));
    image.value = convolve(call, image, filter, windowOf(call, kernelOf(stored, axes), axes, stridesKey(), 1), std::max<std::int64_t>(call.settings().integer("groups", 1), 1), usesBias(call));
    image.channels = stored.shape()[axes + 1];
    return {call.activated(flowOf(call, image))};
}

std::vector<Flow> buildDepthwiseConv(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const std::string parameter = call.hasWeight("depthwise_kernel") ? "depthwise_kernel" : "kernel";
    const Window window = windowOf(call, kernelOf(call.weight(parameter, static_cast<int>(axes) + 2), axes), axes, stridesKey(), 1);
    image.value = depthwise(call, image, window, parameter, usesBias(call));
    return {call.activated(flowOf(call, image))};
}

std::vector<Flow> buildSeparableConv(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const Window window = windowOf(call, kernelOf(call.weight("depthwise_kernel", static_cast<int>(axes) + 2), axes), axes, stridesKey(), 1);
    image.value = depthwise(call, image, window, "depthwise_kernel", false, "depthwise");
    const Tensor point = call.weight("pointwise_kernel", static_cast<int>(axes) + 2);
    Window single;
    single.kernel = single.strides = single.dilations = std::vector<std::int64_t>(axes, 1);
    image.value = convolve(call, image, call.weightConstant("pointwise_kernel", static_cast<int>(axes) + 2, filterAxes(axes)), single, 1, usesBias(call), "pointwise");
    image.channels = point.shape()[axes + 1];
    return {call.activated(flowOf(call, image))};
}

std::vector<Flow> buildConvTranspose(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const Tensor stored = call.weight("kernel", static_cast<int>(axes) + 2);  // spatial × out × in
    const Window window = windowOf(call, kernelOf(stored, axes), axes, stridesKey(), 1);
    if (window.padding == "causal") call.cannot("a transposed convolution with causal padding cannot be expressed");
    const std::vector<std::int64_t> extra = call.settings().has("output_padding") ? call.settings().integers("output_padding") : std::vector<std::int64_t>();
    if (!extra.empty() && extra.size() != axes && extra.size() != 1) call.refuse("'output_padding' does not fit its axes; the file is damaged");
    std::vector<std::int64_t> pads(2 * axes, 0), behind(axes, 0);
    for (std::size_t i = 0; i < axes; ++i) {
        const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1, stride = window.strides[i];
        const bool same = window.padding == "same";
        if (!extra.empty()) {
            pads[i] = pads[axes + i] = same ? reach / 2 : 0;
            behind[i] = extra.size() == 1 ? extra[0] : extra[i];
        } else if (same) {  // the result has stride × the input's extent
            const std::int64_t total = std::max<std::int64_t>(reach - stride, 0);
            pads[i] = total / 2;
            pads[axes + i] = total - total / 2;
            behind[i] = std::max<std::int64_t>(stride - reach, 0);
        } else {
            behind[i] = std::max<std::int64_t>(stride - reach, 0);
        }
        if (image.spatial[i] >= 0) image.spatial[i] = (image.spatial[i] - 1) * stride + reach + behind[i] - pads[i] - pads[axes + i];
    }
    Attributes attributes = {{"kernel_shape", window.kernel}, {"strides", window.strides}, {"dilations", window.dilations}, {"pads", pads}};
    if (std::any_of(behind.begin(), behind.end(), [](std::int64_t b) { return b != 0; })) attributes["output_padding"] = behind;
    std::vector<ValueId> inputs = {image.value, call.weightConstant("kernel", static_cast<int>(axes) + 2, filterAxes(axes))};
    if (usesBias(call)) inputs.push_back(call.weightConstant("bias", 1));
    image.value = call.emit("ConvTranspose", std::move(inputs), std::move(attributes));
    image.channels = stored.shape()[axes];
    return {call.activated(flowOf(call, image))};
}

}  // namespace bitlathe::keras
