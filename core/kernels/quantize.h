// Float to codes and back, as ONNX QuantizeLinear and DequantizeLinear define it and ONNX Runtime runs it:
//   code = clamp(roundHalfEven(x / scale) + zeroPoint, low, high)    a true division, not a reciprocal
//   real = float(code - zeroPoint) * scale                           one float32 multiplication
// A NaN becomes the code of 0. One scale per call: the caller loops over channels or groups.
#pragma once

#include <cstdint>

#include "core/kernels/byte_type.h"
#include "core/kernels/isa.h"

namespace bitlathe {

struct QuantizeRule {
    float scale = 1;
    std::int32_t zeroPoint = 0;
    std::int32_t low = 0, high = 255;  // codes; 0..15 or -8..7 for four bits, and so on. |code| < 2^24
};

// y: one byte per code (two's complement for signed codes), one 16-bit word for quantizeWords.
void quantizeBytes(Isa isa, const float* x, std::int64_t count, const QuantizeRule& rule, void* y) noexcept;
void quantizeWords(Isa isa, const float* x, std::int64_t count, const QuantizeRule& rule, void* y) noexcept;

void dequantizeBytes(Isa isa, ByteType type, const void* codes, std::int64_t count, float scale, std::int32_t zeroPoint,
                     float* y) noexcept;

// int32 accumulators to float: y = float(acc) * scale, one scale or one per column (`scales`).
// rows x columns, dense.
void dequantizeSums(Isa isa, const std::int32_t* acc, std::int64_t rows, std::int64_t columns, const float* scales,
                    bool perColumn, float* y) noexcept;

}  // namespace bitlathe
