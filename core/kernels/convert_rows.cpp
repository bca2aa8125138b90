#include "core/kernels/convert_rows.h"

#include <bit>

#include "core/kernels/convert_rows_kernels.h"

namespace bitlathe {
namespace {

constexpr ConvertImplementation implementations[] = {
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr},
    {fromHalvesAvx2, toHalvesAvx2, fromBfloatsAvx2, toBfloatsAvx2, unpackAvx2, packAvx2},
    {fromHalvesAvx512, toHalvesAvx512, fromBfloatsAvx512, toBfloatsAvx512, unpackAvx2, packAvx2},
};

const ConvertImplementation& implementation(Isa isa) noexcept {
    return implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

float fromHalf(std::uint16_t half) noexcept {
    const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
    const std::uint32_t exponent = half >> 10 & 31u, mantissa = half & 1023u;
    constexpr std::uint32_t quiet = 0x00400000;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13 | (mantissa ? quiet : 0u));
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24f));
}

std::uint16_t toHalf(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    std::uint32_t half;
    if (magnitude > 0x7f800000u) half = 0x7e00u | (magnitude >> 13 & 0x1ffu);
    else if (magnitude >= 0x477ff000u) half = 0x7c00u;  // 65520 and above round to infinity
    else if (magnitude < 0x38800000u)                   // subnormal: the float adder rounds
        half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    else half = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
    return static_cast<std::uint16_t>(sign | half);
}

std::uint16_t toBfloat(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace

void floatsFromHalves(Isa isa, const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    const auto row = implementation(isa).fromHalves;
    for (std::int64_t i = row ? row(x, count, y) : 0; i < count; ++i) y[i] = fromHalf(x[i]);
}

void halvesFromFloats(Isa isa, const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    const auto row = implementation(isa).toHalves;
    for (std::int64_t i = row ? row(x, count, y) : 0; i < count; ++i) y[i] = toHalf(x[i]);
}

void floatsFromBfloats(Isa isa, const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    const auto row = implementation(isa).fromBfloats;
    for (std::int64_t i = row ? row(x, count, y) : 0; i < count; ++i) y[i] = std::bit_cast<float>(std::uint32_t{x[i]} << 16);
}

void bfloatsFromFloats(Isa isa, const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    const auto row = implementation(isa).toBfloats;
    for (std::int64_t i = row ? row(x, count, y) : 0; i < count; ++i) y[i] = toBfloat(x[i]);
}

void unpackCodes(Isa isa, int bits, bool isSigned, const std::uint8_t* packed, std::int64_t count, std::uint8_t* codes) noexcept {
    const auto row = implementation(isa).unpack;
    const int each = 8 / bits;
    const unsigned mask = (1u << bits) - 1, sign = isSigned ? 1u << (bits - 1) : 0u;
    for (std::int64_t i = row ? row(bits, isSigned, packed, count, codes) : 0; i < count; ++i) {
        const unsigned code = packed[i / each] >> (i % each * bits) & mask;
        codes[i] = static_cast<std::uint8_t>((code ^ sign) - sign);
    }
}

void packCodes(Isa isa, int bits, const std::uint8_t* codes, std::int64_t count, std::uint8_t* packed) noexcept {
    const auto row = implementation(isa).pack;
    const int each = 8 / bits;
    const unsigned mask = (1u << bits) - 1;
    for (std::int64_t i = row ? row(bits, codes, count, packed) : 0; i < count; i += each) {
        unsigned byte = 0;
        for (int j = 0; j < each && i + j < count; ++j) byte |= (codes[i + j] & mask) << (j * bits);
        packed[i / each] = static_cast<std::uint8_t>(byte);
    }
}

}  // namespace bitlathe
