// Small float formats of at most 8 bits: float32 to codes, to nearest with ties to the even code,
// saturated; core/tensor/convert.h has the way back. Knows no scales.
//
// Layouts: OCP 8-bit floats, OCP MX 1.0, FNUZ; saturation as ONNX Cast and QuantizeLinear with saturate = 1:
// too large values and infinities become the largest finite value.
#pragma once

#include "core/tensor/convert.h"

#include <bit>
#include <cstdint>

namespace bitlathe {

struct SmallFloat {
    int exponentBits = 0, mantissaBits = 0, bias = 0;
    SmallFloatKind kind = SmallFloatKind::NoNan;
    float max = 0;  // the largest finite value

    constexpr int bits() const noexcept { return 1 + exponentBits + mantissaBits; }
    // Exponent of the largest value: floor(log2(max)).
    constexpr int maxExponent() const noexcept { return int(std::bit_cast<std::uint32_t>(max) >> 23) - 127; }
    bool operator==(const SmallFloat&) const = default;
};

inline constexpr SmallFloat kE4M3FN{4, 3, 7, SmallFloatKind::Finite, 448.0f};
inline constexpr SmallFloat kE5M2{5, 2, 15, SmallFloatKind::Ieee, 57344.0f};
inline constexpr SmallFloat kE4M3FNUZ{4, 3, 8, SmallFloatKind::FiniteUz, 240.0f};
inline constexpr SmallFloat kE5M2FNUZ{5, 2, 16, SmallFloatKind::FiniteUz, 57344.0f};
inline constexpr SmallFloat kE3M2{3, 2, 3, SmallFloatKind::NoNan, 28.0f};
inline constexpr SmallFloat kE2M3{2, 3, 1, SmallFloatKind::NoNan, 7.5f};
inline constexpr SmallFloat kE2M1{2, 1, 1, SmallFloatKind::NoNan, 6.0f};

// The code of x; NaN gets the code of 0. Negative zero keeps its sign where the format has one.
inline std::uint8_t encodeSmallFloat(const SmallFloat& f, float x) noexcept {
    constexpr std::uint32_t kExponent = 0x7f800000;
    const std::uint32_t sign = std::bit_cast<std::uint32_t>(x) >> 31;
    float a = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7fffffff);
    a = a == a ? a : 0.0f;
    a = a < f.max ? a : f.max;
    // Adding 2^23 quanta rounds to a whole number of quanta, which then stands in the sum's low bits.
    const std::uint32_t lowest = static_cast<std::uint32_t>(128 - f.bias) << 23;  // of the smallest normal
    const std::uint32_t own = std::bit_cast<std::uint32_t>(a) & kExponent;
    const std::uint32_t exponent = own > lowest ? own : lowest;
    const std::uint32_t rounder = exponent + (static_cast<std::uint32_t>(23 - f.mantissaBits) << 23);
    const std::uint32_t quanta = std::bit_cast<std::uint32_t>(a + std::bit_cast<float>(rounder)) - rounder;
    const std::uint32_t code = ((exponent - lowest) >> (23 - f.mantissaBits)) + quanta;
    const std::uint32_t signBit = f.kind == SmallFloatKind::FiniteUz && code == 0 ? 0 : sign;
    const bool isNan = x != x;
    return static_cast<std::uint8_t>(code | (isNan ? 0 : signBit) << (f.exponentBits + f.mantissaBits));
}

// floor(log2(x)) of a finite x > 0, also of subnormal ones.
inline int floorLog2(float x) noexcept {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    return bits >= 1u << 23 ? int(bits >> 23) - 127 : std::bit_width(bits) - 150;
}
// 2^exponent, exponent -149 ... 127.
inline float powerOfTwo(int exponent) noexcept {
    return std::bit_cast<float>(exponent >= -126 ? std::uint32_t(exponent + 127) << 23 : 1u << (exponent + 149));
}

// The value of a code; infinity and NaN where the format has them.
float decodeSmallFloat(const SmallFloat& f, unsigned code) noexcept;

}  // namespace bitlathe
