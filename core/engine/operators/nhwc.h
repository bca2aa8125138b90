// Images of codes between N × C × spatial, as ONNX has them, and channels last, as the integer kernels
// want them; and a window's geometry as the kernels take it.
#pragma once

#include "core/engine/operators/window.h"
#include "core/kernels/iconv.h"

#include <cstddef>
#include <cstdint>

namespace bitlathe {

class OperatorContext;
class Tensor;

// The codes of an N × C × spatial tensor with channels last: scratch of this context, or the tensor's own
// bytes where nothing has to move.
const std::byte* toChannelsLast(OperatorContext& context, const Tensor& x);
// The reverse, from batch × pixels × channels to y (batch × channels × pixels).
void fromChannelsLast(OperatorContext& context, const std::byte* x, std::int64_t batch, std::int64_t pixels, std::int64_t channels, std::byte* y);

// Shape as N × C × spatial, whatever the layout of the tensor is.
Shape channelsFirst(const Shape& shape, bool channelsLast);
Shape inLayout(const Shape& channelsFirst, bool channelsLast);

// Internal operators (domain "bitlathe"): codes between the two layouts.
void runToChannelsLast(OperatorContext& context);
void runToChannelsFirst(OperatorContext& context);

// The window of at most two spatial axes as the kernels' geometry.
IconvShape iconvShape(const Window& window, std::int64_t batch, std::int64_t channels, std::int64_t outputs, std::int64_t groups) noexcept;

}  // namespace bitlathe
