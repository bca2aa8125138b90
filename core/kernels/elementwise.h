// Element-wise arithmetic on 8-bit codes as ONNX Runtime does it on x86: QLinearAdd, QLinearMul, and any
// function of one code as a table of 256. Knows no shapes: broadcasting is a step of 0 or 1 per operand,
// the caller loops over the rest.
#pragma once

#include <cstdint>

#include "core/kernels/byte_type.h"
#include "core/kernels/isa.h"

namespace bitlathe {

struct ByteScale {
    float scale = 1;
    std::int32_t zeroPoint = 0;
    friend bool operator==(const ByteScale&, const ByteScale&) = default;
};

// count elements; an operand with step 0 is one code for all of them. All three have the same type.
// low..high: the codes that y may take (narrower where an activation function is fused).
struct ByteBinary {
    ByteType type = ByteType::U8;
    const void* a = nullptr;
    const void* b = nullptr;
    void* y = nullptr;
    std::int64_t count = 0;
    int aStep = 1, bStep = 1;
    ByteScale aScale, bScale, yScale;
    std::int32_t low = -128, high = 255;  // cut to what the type holds
};

// y = roundHalfEven(fma(a, sa/sy, fma(b, sb/sy, zy - (sa/sy * za + sb/sy * zb)))), saturated; signed codes
// and their zero points all 128 up, as ONNX Runtime does, which shows near a tie. y may be a or b.
void qlinearAdd(Isa isa, const ByteBinary& task) noexcept;

// y = roundHalfEven((a - za)(b - zb) * (sa * sb / sy) + zy), saturated; a signed y and zy 128 up. y may be a or b.
void qlinearMul(Isa isa, const ByteBinary& task) noexcept;

// y[i] = table[x[i]], the codes taken as unsigned bytes. y may be x.
void lookupBytes(Isa isa, const std::uint8_t table[256], const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept;

// The table that turns codes of one scale into codes of another (concatenation, pass-through operators):
// real = (x - zx) * sx, y = roundHalfEven(real / sy) + zy, saturated.
void requantizeTable(ByteType xType, const ByteScale& x, ByteType yType, const ByteScale& y, std::uint8_t table[256]) noexcept;

}  // namespace bitlathe
