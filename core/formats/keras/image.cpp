#include "core/formats/keras/layers.h"

#include <algorithm>

namespace bitlathe::keras {

Image imageOf(const LayerCall& call, const Flow& flow, std::size_t axes) {
    Flow image = flow;
    if (!image.known) image = {flow.value, std::vector<std::int64_t>(axes + 2, -1), true, false};
    if (image.rank() != axes + 2)
        call.refuse("its input has " + std::to_string(image.rank()) + " axes where " + std::to_string(axes + 2) + " are expected; the file is damaged");
    if (call.channelsFirst()) {
        image = call.last(image);
        return {image.value, image.shape[0], image.shape[1], {image.shape.begin() + 2, image.shape.end()}};
    }
    image = call.first(image);
    return {image.value, image.shape[0], image.shape.back(), {image.shape.begin() + 1, image.shape.end() - 1}};
}

Flow flowOf(const LayerCall& call, const Image& image) {
    Flow flow;
    flow.value = image.value;
    flow.moved = !call.channelsFirst();
    flow.shape = image.spatial;
    flow.shape.insert(flow.moved ? flow.shape.end() : flow.shape.begin(), image.channels);
    flow.shape.insert(flow.shape.begin(), image.batch);
    return flow;
}

std::vector<std::int64_t> perAxis(const LayerCall& call, std::string_view key, std::size_t axes, std::int64_t absent) {
    std::vector<std::int64_t> values = call.settings().integers(key, {absent});
    if (values.size() == 1) values.resize(axes, values[0]);
    constexpr std::int64_t kMost = 1 << 20;
    if (values.size() != axes || std::any_of(values.begin(), values.end(), [](std::int64_t v) { return v < 1 || v > kMost; }))
        call.refuse("'" + std::string(key.substr(0, key.find('|'))) + "' does not give a number above 0 for each of " + std::to_string(axes) + " axes; the file is damaged");
    return values;
}

Window windowOf(const LayerCall& call, std::vector<std::int64_t> kernel, std::size_t axes, std::string_view stridesKey, std::int64_t strideAbsent) {
    Window window;
    window.kernel = std::move(kernel);
    window.strides = perAxis(call, stridesKey, axes, strideAbsent);
    window.dilations = perAxis(call, "dilation_rate|atrous_rate", axes, 1);
    window.padding = call.settings().text("padding|border_mode", "valid");
    if (window.padding != "same" && window.padding != "valid" && window.padding != "causal")
        call.refuse("padding '" + window.padding + "' is not known; 'valid', 'same' and 'causal' are");
    return window;
}

void applyWindow(const LayerCall& call, const Window& window, Image& image, Attributes& attributes) {
    const std::size_t axes = image.spatial.size();
    attributes["kernel_shape"] = window.kernel;
    attributes["strides"] = window.strides;
    if (std::any_of(window.dilations.begin(), window.dilations.end(), [](std::int64_t d) { return d != 1; })) attributes["dilations"] = window.dilations;
    std::vector<std::int64_t> pads(2 * axes, 0);
    bool open = false;  // an extent is not known
    for (std::size_t i = 0; i < axes; ++i) {
        std::int64_t& extent = image.spatial[i];
        const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1, stride = window.strides[i];
        if (window.padding == "causal") pads[i] = reach - 1;
        if (extent < 0) {
            open |= window.padding == "same";
            continue;
        }
        if (window.padding == "same") {  // TensorFlow's rule: as few as needed, the odd one behind
            const std::int64_t out = (extent + stride - 1) / stride;
            const std::int64_t total = std::max<std::int64_t>((out - 1) * stride + reach - extent, 0);
            pads[i] = total / 2;
            pads[axes + i] = total - total / 2;
        }
        const std::int64_t room = extent + pads[i] + pads[axes + i] - reach;
        if (room < 0) call.refuse("its window of " + std::to_string(reach) + " does not fit into an input of " + std::to_string(extent) + "; the file is damaged");
        extent = room / stride + 1;
    }
    if (open) attributes["auto_pad"] = std::string("SAME_UPPER");
    else attributes["pads"] = pads;
}

}  // namespace bitlathe::keras
