// int32 accumulators to 8-bit codes, exactly as ONNX Runtime does it on x86:
//   y = zeroPoint + roundHalfEven(clamp(float(acc) * scale, low - zeroPoint, high - zeroPoint))
// The product is one float32 multiplication. Knows nothing about what made the accumulators.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

// `low` and `high` are codes: 0..255 for unsigned output, -128..127 for signed, or narrower where an
// activation function is fused (ReLU: low = zeroPoint). low <= high.
struct Requantize {
    const float* scales = nullptr;  // one, or one per column
    bool perColumn = false;
    std::int32_t zeroPoint = 0;
    std::int32_t low = 0;
    std::int32_t high = 255;
};

// rows x columns accumulators; y receives one byte each (two's complement for signed codes). Strides in
// elements. Rows may overlap neither each other nor y.
struct RequantizeBlock {
    const std::int32_t* acc = nullptr;
    std::int64_t accStride = 0;
    std::int64_t rows = 0, columns = 0;
    std::uint8_t* y = nullptr;
    std::int64_t yStride = 0;
};

void requantize(Isa isa, const RequantizeBlock& block, const Requantize& rule) noexcept;

}  // namespace bitlathe
