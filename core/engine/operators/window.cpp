#include "core/engine/operators/window.h"

#include "core/engine/operator.h"

#include <algorithm>

namespace bitlathe {

namespace {

// Extents and counts beyond these are damage or malice, and their products would overflow.
constexpr std::int64_t kMostStep = std::int64_t(1) << 31;

// The attribute's values, one per spatial axis and side.
std::vector<std::int64_t> steps(const OperatorContext& context, std::string_view key, std::size_t count, std::int64_t absent, std::int64_t least) {
    auto values = context.node().integers(key, std::vector<std::int64_t>(count, absent));
    if (values.empty()) values.assign(count, absent);
    if (values.size() != count) context.fail("attribute '" + std::string(key) + "' has " + std::to_string(values.size()) + " values instead of " + std::to_string(count));
    for (const auto value : values)
        if (value < least || value > kMostStep) context.fail("attribute '" + std::string(key) + "' holds the impossible value " + std::to_string(value));
    return values;
}

Window start(const OperatorContext& context, const Shape& input, std::span<const std::int64_t> kernel) {
    const int spatial = input.rank() - 2;
    if (spatial < 1) context.fail("its input must have batch, channel and spatial axes, but is " + toText(input));
    if (spatial > 3) context.refuse("works on at most 3 spatial axes, not on " + toText(input));
    if (static_cast<int>(kernel.size()) != spatial) context.fail("kernel and input " + toText(input) + " differ in their number of spatial axes");
    Window window;
    window.spatial = spatial;
    const auto count = static_cast<std::size_t>(spatial), skip = 3 - count;
    const auto strides = steps(context, "strides", count, 1, 1), dilations = steps(context, "dilations", count, 1, 1);
    for (std::size_t i = 0; i < count; ++i) {
        if (kernel[i] < 1 || kernel[i] > kMostStep) context.fail("the kernel's extent " + std::to_string(kernel[i]) + " is impossible");
        if (input[static_cast<int>(i) + 2] > kMostStep) context.fail("an extent of its input " + toText(input) + " is impossible");
        window.in[skip + i] = input[static_cast<int>(i) + 2];
        window.kernel[skip + i] = kernel[i];
        window.stride[skip + i] = strides[i];
        window.dilation[skip + i] = dilations[i];
    }
    return window;
}

enum class AutoPad { None, SameUpper, SameLower, Valid };
AutoPad autoPad(const OperatorContext& context) {
    const auto text = context.node().text("auto_pad", "NOTSET");
    if (text == "NOTSET" || text.empty()) return AutoPad::None;
    if (text == "SAME_UPPER") return AutoPad::SameUpper;
    if (text == "SAME_LOWER") return AutoPad::SameLower;
    if (text == "VALID") return AutoPad::Valid;
    context.fail("auto_pad is '" + text + "', which does not exist");
}

}  // namespace

bool Window::isPointwise() const noexcept {
    constexpr Axes kOne{1, 1, 1}, kZero{0, 0, 0};
    return kernel == kOne && stride == kOne && padBegin == kZero && padEnd == kZero;
}

Shape Window::outShape(std::initializer_list<std::int64_t> lead) const {
    std::vector<std::int64_t> dims(lead);
    dims.insert(dims.end(), out.end() - spatial, out.end());
    return Shape(std::move(dims));
}

Window resolveWindow(const OperatorContext& context, const Shape& input, std::span<const std::int64_t> kernel) {
    Window window = start(context, input, kernel);
    const auto count = static_cast<std::size_t>(window.spatial), skip = 3 - count;
    const auto pads = steps(context, "pads", 2 * count, 0, 0);
    const AutoPad mode = autoPad(context);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t a = skip + i;
        const std::int64_t covered = (window.kernel[a] - 1) * window.dilation[a] + 1;
        if (mode == AutoPad::SameUpper || mode == AutoPad::SameLower) {
            window.out[a] = (window.in[a] + window.stride[a] - 1) / window.stride[a];
            const std::int64_t total = std::max<std::int64_t>(0, (window.out[a] - 1) * window.stride[a] + covered - window.in[a]);
            window.padBegin[a] = mode == AutoPad::SameUpper ? total / 2 : total - total / 2;
            window.padEnd[a] = total - window.padBegin[a];
            continue;
        }
        if (mode == AutoPad::None) {
            window.padBegin[a] = pads[i];
            window.padEnd[a] = pads[count + i];
        }
        const std::int64_t room = window.in[a] + window.padBegin[a] + window.padEnd[a] - covered;
        if (room < 0) context.fail("the window of extent " + std::to_string(covered) + " is larger than its padded input " + toText(input));
        window.out[a] = room / window.stride[a] + 1;
    }
    return window;
}

Window resolveTransposedWindow(const OperatorContext& context, const Shape& input, std::span<const std::int64_t> kernel) {
    Window window = start(context, input, kernel);
    const auto count = static_cast<std::size_t>(window.spatial), skip = 3 - count;
    const auto pads = steps(context, "pads", 2 * count, 0, 0);
    const auto extra = steps(context, "output_padding", count, 0, 0);
    auto wanted = context.node().integers("output_shape");
    if (wanted.size() == count + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);  // some exporters name all axes
    if (!wanted.empty() && wanted.size() != count) context.fail("output_shape does not fit the input " + toText(input));
    const AutoPad mode = autoPad(context);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t a = skip + i;
        if (window.in[a] < 1) context.fail("its input " + toText(input) + " is empty");
        const std::int64_t full = (window.in[a] - 1) * window.stride[a] + extra[i] + (window.kernel[a] - 1) * window.dilation[a] + 1;
        const bool same = mode == AutoPad::SameUpper || mode == AutoPad::SameLower;
        if (!wanted.empty() || same) {
            window.out[a] = wanted.empty() ? window.in[a] * window.stride[a] : wanted[i];
            if (window.out[a] < 0) context.fail("output_shape holds a negative extent");
            const std::int64_t total = std::max<std::int64_t>(0, full - window.out[a]);
            window.padBegin[a] = mode == AutoPad::SameUpper ? total / 2 : total - total / 2;
            window.padEnd[a] = total - window.padBegin[a];
            continue;
        }
        if (mode == AutoPad::None) {
            window.padBegin[a] = pads[i];
            window.padEnd[a] = pads[count + i];
        }
        window.out[a] = full - window.padBegin[a] - window.padEnd[a];
        if (window.out[a] < 0) context.fail("its pads are larger than its output");
    }
    return window;
}

}  // namespace bitlathe
