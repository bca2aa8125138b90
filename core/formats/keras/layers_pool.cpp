// Pooling, and what changes the extents of an image without weights.
#include "core/formats/keras/layers.h"

#include <algorithm>
#include <limits>

namespace bitlathe::keras {

namespace {

std::size_t spatialAxes(const LayerCall& call) {
    const std::string& name = call.layer().className;
    return name.ends_with("1D") ? 1 : name.ends_with("3D") ? 3 : 2;
}

bool takesLargest(const LayerCall& call) { return call.layer().className.find("Max") != std::string::npos; }

}  // namespace

std::vector<Flow> buildPool(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const std::vector<std::int64_t> kernel = perAxis(call, "pool_size|pool_length", axes, 2);
    Window window = windowOf(call, kernel, axes, "strides|stride", 1);
    if (!call.settings().has("strides|stride")) window.strides = kernel;
    Attributes attributes;
    applyWindow(call, window, image, attributes);
    if (!takesLargest(call)) attributes["count_include_pad"] = std::int64_t(0);
    image.value = call.emit(takesLargest(call) ? "MaxPool" : "AveragePool", {image.value}, std::move(attributes));
    return {flowOf(call, image)};
}

// Over the steps that count alone.
Flow maskedAverage(const LayerCall& call, const Flow& sequence) {
    const std::int64_t time = 1, feature = 2, keep = call.settings().flag("keepdims", false) ? 1 : 0;
    const ValueId over = call.integers("over", std::span(&time, 1));
    const ValueId weights = call.emit("Unsqueeze", {sequence.mask, call.integers("feature_axis", std::span(&feature, 1))}, {}, "weights");
    const ValueId sum = call.emit("ReduceSum", {call.emit("Mul", {sequence.value, weights}, {}, "kept"), over}, {{"keepdims", keep}}, "sum");
    const ValueId count = call.emit("ReduceSum", {weights, over}, {{"keepdims", keep}}, "count");
    Flow result{call.emit("Div", {sum, count}), {sequence.shape[0], sequence.channels()}, true, false};
    if (keep) result.shape.insert(result.shape.begin() + 1, 1);
    return result;
}

std::vector<Flow> buildGlobalPool(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    if (const Flow flow = call.last(call.input()); flow.mask != kNoValue && axes == 1 && !takesLargest(call) && flow.rank() == 3) return {maskedAverage(call, flow)};
    Image image = imageOf(call, call.input(), axes);
    image.value = call.emit(takesLargest(call) ? "GlobalMaxPool" : "GlobalAveragePool", {image.value});
    image.spatial.assign(axes, 1);
    if (call.settings().flag("keepdims", false)) return {flowOf(call, image)};
    return {{call.emit("Flatten", {image.value}, {{"axis", std::int64_t(1)}}, "flatten"), {image.batch, image.channels}, true, false}};
}

std::vector<Flow> buildZeroPadding(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const std::vector<std::int64_t> pads = call.settings().pairs("padding", axes, 1);
    std::vector<std::int64_t> all(2 * (axes + 2), 0);
    for (std::size_t i = 0; i < axes; ++i) {
        if (pads[2 * i] < 0 || pads[2 * i + 1] < 0 || std::max(pads[2 * i], pads[2 * i + 1]) > 1 << 20) call.refuse("its padding is out of range; the file is damaged");
        all[2 + i] = pads[2 * i];
        all[axes + 4 + i] = pads[2 * i + 1];
        if (image.spatial[i] >= 0) image.spatial[i] += pads[2 * i] + pads[2 * i + 1];
    }
    image.value = call.emit("Pad", {image.value, call.integers("pads", all)}, {{"mode", std::string("constant")}});
    return {flowOf(call, image)};
}

std::vector<Flow> buildCropping(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const std::vector<std::int64_t> cuts = call.settings().pairs("cropping", axes, 1);
    std::vector<std::int64_t> starts, ends, which;
    for (std::size_t i = 0; i < axes; ++i) {
        const std::int64_t before = cuts[2 * i], behind = cuts[2 * i + 1];
        if (before < 0 || behind < 0) call.refuse("its cropping is negative; the file is damaged");
        starts.push_back(before);
        ends.push_back(behind == 0 ? std::numeric_limits<std::int64_t>::max() : -behind);
        which.push_back(static_cast<std::int64_t>(i) + 2);
        if (image.spatial[i] >= 0 && (image.spatial[i] -= before + behind) < 1) call.refuse("it cuts away its whole input; the file is damaged");
    }
    image.value = call.emit("Slice", {image.value, call.integers("starts", starts), call.integers("ends", ends), call.integers("axes", which)});
    return {flowOf(call, image)};
}

std::vector<Flow> buildUpSampling(const LayerCall& call) {
    const std::size_t axes = spatialAxes(call);
    Image image = imageOf(call, call.input(), axes);
    const std::vector<std::int64_t> factors = perAxis(call, "size|length", axes, 2);
    const std::string how = call.settings().text("interpolation", "nearest");
    if (how != "nearest" && how != "bilinear") call.cannot("interpolation '" + how + "' cannot be expressed; 'nearest' and 'bilinear' can");
    std::vector<float> scales(axes + 2, 1.0f);
    for (std::size_t i = 0; i < axes; ++i) {
        scales[i + 2] = static_cast<float>(factors[i]);
        if (image.spatial[i] >= 0) image.spatial[i] *= factors[i];
    }
    Attributes attributes = {{"mode", std::string(how == "nearest" ? "nearest" : "linear")},
                             {"coordinate_transformation_mode", std::string(how == "nearest" ? "asymmetric" : "half_pixel")}};
    if (how == "nearest") attributes["nearest_mode"] = std::string("floor");
    image.value = call.emit("Resize", {image.value, kNoValue, call.constant("scales", Tensor::of(Shape{static_cast<std::int64_t>(scales.size())}, scales))}, std::move(attributes));
    return {flowOf(call, image)};
}

}  // namespace bitlathe::keras
