// How a window (a filter, a pool) slides over the spatial axes of a tensor N × C × spatial…: strides, pads,
// dilations and ONNX's auto_pad, resolved to numbers. Knows no arithmetic.
#pragma once

#include "core/tensor/shape.h"

#include <array>
#include <cstdint>
#include <span>

namespace bitlathe {

class OperatorContext;
struct Node;

// Always three spatial axes; those that the tensor lacks come first, with extent 1.
struct Window {
    using Axes = std::array<std::int64_t, 3>;
    int spatial = 2;  // 1..3 axes of the tensor
    Axes in{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, padBegin{0, 0, 0}, padEnd{0, 0, 0}, out{1, 1, 1};

    std::int64_t inCount() const noexcept { return in[0] * in[1] * in[2]; }
    std::int64_t outCount() const noexcept { return out[0] * out[1] * out[2]; }
    std::int64_t taps() const noexcept { return kernel[0] * kernel[1] * kernel[2]; }
    // One tap that moves with stride 1 and reads every element once, in place.
    bool isPointwise() const noexcept;
    // `lead` axes and then the spatial extents of the output.
    Shape outShape(std::initializer_list<std::int64_t> lead) const;
};

// From the node's attributes strides, dilations, pads, auto_pad (and kernel_shape, which must agree with
// `kernel`). input: N × C × 1..3 spatial axes. Throws Error(Input) through context on contradictions,
// Error(Unsupported) on more axes. Output extents that would be negative are an error; 0 is allowed.
Window resolveWindow(const OperatorContext& context, const Shape& input, std::span<const std::int64_t> kernel);

// The same for ConvTranspose: `in` is the smaller side, `out` the larger; heeds output_padding and output_shape.
Window resolveTransposedWindow(const OperatorContext& context, const Shape& input, std::span<const std::int64_t> kernel);

}  // namespace bitlathe
