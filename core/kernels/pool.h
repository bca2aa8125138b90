// Pooling of 8-bit codes in NHWC: maximum, and averages as ONNX Runtime computes them. Windows are given
// by the geometry of iconv.h (channels = outputs; weights play no part). Allocates nothing.
#pragma once

#include <cstdint>

#include "core/kernels/byte_type.h"
#include "core/kernels/elementwise.h"
#include "core/kernels/iconv.h"

namespace bitlathe {

struct PoolCall {
    IconvShape shape;
    const void* x = nullptr;
    ByteType type = ByteType::U8;
    // shape.channels bytes: for the maximum the lowest code (0 or 0x80), for the average x's zero point.
    const void* paddingRow = nullptr;
    void* y = nullptr;  // [batch][outHeight][outWidth][channels], the same type
};

// Padding never wins: a window that lies in the padding entirely yields the lowest code.
void maxPool(Isa isa, const PoolCall& call, std::int64_t pixelBegin, std::int64_t pixelEnd) noexcept;

// As com.microsoft.QLinearAveragePool: taps as reals scale * (code - zero), summed in float32 in window
// order, divided by the taps inside the image (or by all taps with countPadding), then
// y = saturate(roundHalfEven(mean / yScale + yZero)), signed codes 128 up as in elementwise.h.
struct AverageRule {
    ByteScale x, y;
    bool countPadding = false;
};
void averagePool(Isa isa, const PoolCall& call, const AverageRule& rule, std::int64_t pixelBegin,
                 std::int64_t pixelEnd) noexcept;

// As com.microsoft.QLinearGlobalAveragePool: one int32 sum per channel over `pixels` rows of x
// [pixels][channels], then y = roundHalfEven((sum - pixels * zero) * (xScale / (yScale * pixels))) + yZero.
// Channels [channelBegin, channelEnd).
void globalAveragePool(Isa isa, const void* x, ByteType type, std::int64_t pixels, std::int64_t channels,
                       const ByteScale& xScale, const ByteScale& yScale, void* y, std::int64_t channelBegin,
                       std::int64_t channelEnd) noexcept;

}  // namespace bitlathe
