#include "core/quant/lattice.h"

#include "core/kernels/lattice_points.h"
#include "core/tensor/convert.h"

#include <bit>
#include <cstdint>

namespace bitlathe {

namespace {

using Bytes = std::span<const std::byte>;

unsigned byteAt(Bytes b, std::size_t i) noexcept { return std::to_integer<unsigned>(b[i]); }
unsigned wordAt(Bytes b, std::size_t i) noexcept { return byteAt(b, i) | byteAt(b, i + 1) << 8; }
std::uint32_t longAt(Bytes b, std::size_t i) noexcept { return wordAt(b, i) | wordAt(b, i + 2) << 16; }
float halfAt(Bytes b, std::size_t i) noexcept { return halfToFloat(static_cast<std::uint16_t>(wordAt(b, i))); }

constexpr float kLevels2[4] = {8, 25, 43, 0};  // a level of 3 does not occur
constexpr float kLevels3Xxs[8] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr float kLevels3S[8] = {1, 3, 5, 7, 9, 11, 13, 15};

// Seven signs are stored; the eighth makes their number even.
unsigned evenSigns(unsigned seven) noexcept { return seven | (static_cast<unsigned>(std::popcount(seven)) & 1u) << 7; }

// Eight values scale · level, negative where `signs` has a bit.
void put8(float* out, float scale, unsigned point, unsigned signs) noexcept {
    for (unsigned j = 0; j < 8; ++j) out[j] = scale * kLevels2[point >> 2 * j & 3] * (signs >> j & 1 ? -1.0f : 1.0f);
}
// Four values of each of two points.
void put4and4(float* out, float scale, const float* levels, unsigned first, unsigned second, unsigned signs) noexcept {
    for (unsigned j = 0; j < 4; ++j) {
        out[j] = scale * levels[first >> 3 * j & 7] * (signs >> j & 1 ? -1.0f : 1.0f);
        out[j + 4] = scale * levels[second >> 3 * j & 7] * (signs >> (j + 4) & 1 ? -1.0f : 1.0f);
    }
}
// Eight values scale · (level + shift) with levels −1, 0, 1.
void putTernary(float* out, float scale, unsigned point, float shift) noexcept {
    for (unsigned j = 0; j < 8; ++j) out[j] = scale * (static_cast<float>(static_cast<int>(point >> 2 * j & 3) - 1) + shift);
}

constexpr float kShift = 0.125f;  // of the levels of IQ1

}  // namespace

// f16 d; then for each 32 values: four indices of 8 bits, and a word of 4 × 7 signs and a scale of 4 bits.
void decodeIq2Xxs(std::span<const std::byte, 66> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t part = 0; part < 8; ++part) {
        const std::uint32_t word = longAt(b, 2 + 8 * part + 4);
        const float scale = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
        for (std::size_t l = 0; l < 4; ++l)
            put8(&out[32 * part + 8 * l], scale, kIq2XxsPoints[byteAt(b, 2 + 8 * part + l)], evenSigns(word >> 7 * l & 127));
    }
}

// f16 d; 32 words of 9 bits of index and 7 signs; 8 bytes of two scales, each for 16 values.
void decodeIq2Xs(std::span<const std::byte, 74> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t i = 0; i < 32; ++i) {
        const unsigned word = wordAt(b, 2 + 2 * i), both = byteAt(b, 66 + i / 4);
        const float scale = d * (0.5f + static_cast<float>(both >> (i / 2 % 2 ? 4 : 0) & 15)) * 0.25f;
        put8(&out[8 * i], scale, kIq2XsPoints[word & 511], evenSigns(word >> 9));
    }
}

// f16 d; 32 low bytes of indices; 32 bytes of signs; 8 bytes of four times 2 high bits; 8 bytes of two scales.
void decodeIq2S(std::span<const std::byte, 82> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t i = 0; i < 32; ++i) {
        const unsigned index = byteAt(b, 2 + i) | (byteAt(b, 66 + i / 4) >> 2 * (i % 4) & 3) << 8, both = byteAt(b, 74 + i / 4);
        const float scale = d * (0.5f + static_cast<float>(both >> (i / 2 % 2 ? 4 : 0) & 15)) * 0.25f;
        put8(&out[8 * i], scale, kIq2SPoints[index], byteAt(b, 34 + i));
    }
}

// f16 d; 64 indices of 8 bits; for each 32 values a word of 4 × 7 signs and a scale of 4 bits.
void decodeIq3Xxs(std::span<const std::byte, 98> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t part = 0; part < 8; ++part) {
        const std::uint32_t word = longAt(b, 66 + 4 * part);
        const float scale = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
        for (std::size_t l = 0; l < 4; ++l) {
            const std::size_t at = 2 + 8 * part + 2 * l;
            put4and4(&out[32 * part + 8 * l], scale, kLevels3Xxs, kIq3XxsPoints[byteAt(b, at)], kIq3XxsPoints[byteAt(b, at + 1)], evenSigns(word >> 7 * l & 127));
        }
    }
}

// f16 d; 64 low bytes of indices; 8 bytes of their ninth bits; 32 bytes of signs; 4 bytes of two scales.
void decodeIq3S(std::span<const std::byte, 110> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t i = 0; i < 32; ++i) {  // of eight values
        const std::size_t part = i / 4;
        const unsigned high = byteAt(b, 66 + part) >> 2 * (i % 4), both = byteAt(b, 106 + part / 2);
        const float scale = d * static_cast<float>(1 + 2 * (both >> (part % 2 ? 4 : 0) & 15));
        put4and4(&out[8 * i], scale, kLevels3S, kIq3SPoints[byteAt(b, 2 + 2 * i) | (high & 1) << 8], kIq3SPoints[byteAt(b, 3 + 2 * i) | (high >> 1 & 1) << 8],
                 byteAt(b, 74 + i));
    }
}

// f16 d; 32 low bytes of indices; 8 words: four times 3 high bits, a scale of 3 bits, the shift's sign.
void decodeIq1S(std::span<const std::byte, 50> b, std::span<float, 256> out) noexcept {
    const float d = halfAt(b, 0);
    for (std::size_t i = 0; i < 32; ++i) {
        const unsigned word = wordAt(b, 34 + i / 4 * 2);
        const float scale = d * static_cast<float>(2 * (word >> 12 & 7) + 1);
        putTernary(&out[8 * i], scale, kIq1SPoints[byteAt(b, 2 + i) | (word >> 3 * (i % 4) & 7) << 8], word & 0x8000 ? -kShift : kShift);
    }
}

// 32 low bytes of indices; 16 bytes of two times 3 high bits and a shift's sign; 4 words of four scales of 3 bits,
// whose top nibbles together are d.
void decodeIq1M(std::span<const std::byte, 56> b, std::span<float, 256> out) noexcept {
    unsigned half = 0;
    for (std::size_t w = 0; w < 4; ++w) half |= wordAt(b, 48 + 2 * w) >> 12 << 4 * w;
    const float d = halfToFloat(static_cast<std::uint16_t>(half));
    for (std::size_t i = 0; i < 32; ++i) {
        const unsigned high = byteAt(b, 32 + i / 2) >> 4 * (i % 2);
        const std::size_t scaleAt = i / 2;  // one for 16 values
        const float scale = d * static_cast<float>(2 * (wordAt(b, 48 + scaleAt / 4 * 2) >> 3 * (scaleAt % 4) & 7) + 1);
        putTernary(&out[8 * i], scale, kIq1SPoints[byteAt(b, i) | (high & 7) << 8], high & 8 ? -kShift : kShift);
    }
}

}  // namespace bitlathe
