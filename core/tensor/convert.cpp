#include "core/tensor/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace bitlathe {

float halfToFloat(std::uint16_t half) noexcept {
    const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16;
    const std::uint32_t exponent = half >> 10 & 31, mantissa = half & 1023;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float tiny = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(tiny));
}

std::uint16_t floatToHalf(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint16_t sign = bits >> 16 & 0x8000;
    const std::uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00 | (magnitude >> 13 & 0x1ff);
    if (magnitude >= 0x477ff000) return sign | 0x7c00;  // 65520 and above round to infinity
    if (magnitude < 0x38800000) {                         // subnormal: let the float adder round
        const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
        return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(shifted) - 0x3f000000);
    }
    const std::uint32_t odd = magnitude >> 13 & 1;
    return sign | static_cast<std::uint16_t>((magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

float bfloatToFloat(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

std::uint16_t floatToBfloat(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float smallFloatToFloat(unsigned code, int exponentBits, int mantissaBits, int bias, SmallFloatKind kind) noexcept {
    const unsigned signBit = 1u << (exponentBits + mantissaBits);
    const unsigned magnitude = code & (signBit - 1), exponent = magnitude >> mantissaBits;
    const unsigned mantissa = magnitude & ((1u << mantissaBits) - 1), topExponent = (1u << exponentBits) - 1;
    const bool negative = (code & signBit) != 0;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    if (kind == SmallFloatKind::FiniteUz && negative && magnitude == 0) return nan;
    if (kind == SmallFloatKind::Finite && magnitude == signBit - 1) return negative ? -nan : nan;
    if (kind == SmallFloatKind::Ieee && exponent == topExponent) {
        if (mantissa != 0) return negative ? -nan : nan;
        return negative ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
    }
    const float value = exponent == 0
        ? std::ldexp(static_cast<float>(mantissa), 1 - bias - mantissaBits)
        : std::ldexp(static_cast<float>(mantissa | 1u << mantissaBits), static_cast<int>(exponent) - bias - mantissaBits);
    return negative ? -value : value;
}

namespace {

template <class T>
double load(const std::byte* bytes, std::int64_t i) noexcept {
    T value;
    std::memcpy(&value, bytes + i * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    return static_cast<double>(value);
}

unsigned packed(const std::byte* bytes, std::int64_t i, int bits) noexcept {
    const int each = 8 / bits;
    return std::to_integer<unsigned>(bytes[i / each]) >> (i % each * bits) & ((1u << bits) - 1);
}

double signedPacked(const std::byte* bytes, std::int64_t i, int bits) noexcept {
    const int code = static_cast<int>(packed(bytes, i, bits));
    return code >= 1 << (bits - 1) ? code - (1 << bits) : code;
}

}  // namespace

double elementAt(ElementType type, const std::byte* bytes, std::int64_t i) noexcept {
    using enum ElementType;
    const auto byte = [&] { return std::to_integer<unsigned>(bytes[i]); };
    const auto word = [&] { std::uint16_t value; std::memcpy(&value, bytes + 2 * i, 2); return value; };
    switch (type) {
    case F64: return load<double>(bytes, i);
    case F32: return static_cast<double>(load<float>(bytes, i));
    case F16: return static_cast<double>(halfToFloat(word()));
    case BF16: return static_cast<double>(bfloatToFloat(word()));
    case I64: return load<std::int64_t>(bytes, i);
    case I32: return load<std::int32_t>(bytes, i);
    case I16: return load<std::int16_t>(bytes, i);
    case I8: return load<std::int8_t>(bytes, i);
    case U64: return load<std::uint64_t>(bytes, i);
    case U32: return load<std::uint32_t>(bytes, i);
    case U16: return load<std::uint16_t>(bytes, i);
    case U8: return load<std::uint8_t>(bytes, i);
    case Bool: return byte() != 0 ? 1.0 : 0.0;
    case I4: return signedPacked(bytes, i, 4);
    case U4: return packed(bytes, i, 4);
    case I2: return signedPacked(bytes, i, 2);
    case U2: return packed(bytes, i, 2);
    case F8E4M3FN: return smallFloatToFloat(byte(), 4, 3, 7, SmallFloatKind::Finite);
    case F8E4M3FNUZ: return smallFloatToFloat(byte(), 4, 3, 8, SmallFloatKind::FiniteUz);
    case F8E5M2: return smallFloatToFloat(byte(), 5, 2, 15, SmallFloatKind::Ieee);
    case F8E5M2FNUZ: return smallFloatToFloat(byte(), 5, 2, 16, SmallFloatKind::FiniteUz);
    case F8E8M0: return byte() == 255 ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1.0, static_cast<int>(byte()) - 127);
    case F4E2M1: return smallFloatToFloat(packed(bytes, i, 4), 2, 1, 1, SmallFloatKind::NoNan);
    case String: return 0.0;
    }
    return 0.0;
}

}  // namespace bitlathe
