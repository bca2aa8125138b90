// Where the bits of a GGUF block lie.
#include "core/quant/gguf_blocks.h"

#include "core/kernels/block_lattice_layout.h"
#include "core/tensor/convert.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

// Fields of up to 8 bits inside codes and bytes, read or written by the same walk over a layout.
struct Writing {
    Bytes bytes;
    ConstBytes codes;
    // `width` bits of code i, from its bit `from`, are the bits of a byte from `at`.
    void field(std::size_t i, int from, int width, std::size_t byte, int at) const noexcept {
        const unsigned part = std::to_integer<unsigned>(codes[i]) >> from & ((1u << width) - 1);
        bytes[byte] |= static_cast<std::byte>(part << at);
    }
};
struct Reading {
    ConstBytes bytes;
    Bytes codes;
    void field(std::size_t i, int from, int width, std::size_t byte, int at) const noexcept {
        const unsigned part = std::to_integer<unsigned>(bytes[byte]) >> at & ((1u << width) - 1);
        codes[i] |= static_cast<std::byte>(part << from);
    }
};

// Low and high nibbles of 16 bytes hold the first and the second half of 32 codes.
template <class Move>
void halves(const Move& move, std::size_t first, std::size_t byte) noexcept {
    for (std::size_t j = 0; j < 16; ++j) {
        move.field(first + j, 0, 4, byte + j, 0);
        move.field(first + j + 16, 0, 4, byte + j, 4);
    }
}
// Low and high nibbles of 32 bytes hold the first and the second half of 64 codes.
template <class Move>
void longHalves(const Move& move, std::size_t byte) noexcept {
    for (std::size_t c = 0; c < 4; ++c)
        for (std::size_t l = 0; l < 32; ++l) {
            move.field(64 * c + l, 0, 4, byte + 32 * c + l, 0);
            move.field(64 * c + l + 32, 0, 4, byte + 32 * c + l, 4);
        }
}
// Bits `from` and `from + 1` of 256 codes: a byte holds those of four codes that lie 32 apart.
template <class Move>
void pairs(const Move& move, int from, std::size_t byte) noexcept {
    for (std::size_t h = 0; h < 2; ++h)
        for (std::size_t l = 0; l < 32; ++l)
            for (int n = 0; n < 4; ++n) move.field(128 * h + l + 32 * static_cast<std::size_t>(n), from, 2, byte + 32 * h + l, 2 * n);
}
// Bit `from` of 256 codes: a byte holds those of eight codes that lie 32 apart.
template <class Move>
void singles(const Move& move, int from, std::size_t byte) noexcept {
    for (std::size_t l = 0; l < 32; ++l)
        for (int n = 0; n < 8; ++n) move.field(l + 32 * static_cast<std::size_t>(n), from, 1, byte + l, n);
}

// All codes but those of TQ1_0.
template <class Move>
void moveCodes(GgufType type, const Move& move) noexcept {
    switch (type) {
        case GgufType::Q4_0:
        case GgufType::IQ4_NL: return halves(move, 0, 2);
        case GgufType::MXFP4: return halves(move, 0, 1);
        case GgufType::Q4_1: return halves(move, 0, 4);
        case GgufType::Q5_0:
        case GgufType::Q5_1: {
            const std::size_t high = type == GgufType::Q5_0 ? 2 : 4;
            for (std::size_t j = 0; j < 32; ++j) move.field(j, 4, 1, high + j / 8, static_cast<int>(j % 8));
            return halves(move, 0, high + 4);
        }
        case GgufType::Q8_0:
            for (std::size_t j = 0; j < 32; ++j) move.field(j, 0, 8, 2 + j, 0);
            return;
        case GgufType::Q2_K: return pairs(move, 0, 16);
        case GgufType::Q3_K: singles(move, 2, 0); return pairs(move, 0, 32);
        case GgufType::Q4_K: return longHalves(move, 16);
        case GgufType::Q5_K: singles(move, 4, 16); return longHalves(move, 48);
        case GgufType::Q6_K:
            for (std::size_t h = 0; h < 2; ++h)
                for (std::size_t l = 0; l < 64; ++l) {
                    move.field(128 * h + l, 0, 4, 64 * h + l, 0);
                    move.field(128 * h + l + 64, 0, 4, 64 * h + l, 4);
                }
            return pairs(move, 4, 128);
        case GgufType::IQ4_XS:
            for (std::size_t p = 0; p < 8; ++p) halves(move, 32 * p, 8 + 16 * p);
            return;
        case GgufType::TQ2_0: return pairs(move, 0, 0);
        default: return;
    }
}

// Five codes of three values in a byte: a fraction of 256, from which digits come by multiplying with 3.
struct TernaryRun {
    std::size_t byte, bytes, first;
    int digits;
};
constexpr TernaryRun kTernaryRuns[] = {{0, 32, 0, 5}, {32, 16, 160, 5}, {48, 4, 240, 4}};

void joinTernary(ConstBytes codes, Bytes bytes) noexcept {
    for (const TernaryRun& run : kTernaryRuns)
        for (std::size_t m = 0; m < run.bytes; ++m) {
            unsigned number = 0;
            for (int n = 0; n < 5; ++n)
                number = number * 3 + (n < run.digits ? std::to_integer<unsigned>(codes[run.first + m + run.bytes * static_cast<std::size_t>(n)]) : 0u);
            bytes[run.byte + m] = static_cast<std::byte>((number * 256 + 242) / 243);
        }
}
void splitTernary(ConstBytes bytes, Bytes codes) noexcept {
    for (const TernaryRun& run : kTernaryRuns)
        for (std::size_t m = 0; m < run.bytes; ++m) {
            unsigned fraction = std::to_integer<unsigned>(bytes[run.byte + m]);
            for (int n = 0; n < run.digits; ++n) {
                codes[run.first + m + run.bytes * static_cast<std::size_t>(n)] = static_cast<std::byte>(fraction * 3 >> 8);
                fraction = fraction * 3 & 255;
            }
        }
}

// Scales and mins as the unsigned numbers that a file holds.
using Numbers = std::array<unsigned, kMaxGgufParts>;
constexpr unsigned byteAt(ConstBytes bytes, std::size_t i) noexcept { return std::to_integer<unsigned>(bytes[i]); }

void joinScales(const GgufForm& form, const Numbers& s, const Numbers& m, Bytes b) noexcept {
    const auto put = [&](std::size_t at, unsigned bits) { b[at] |= static_cast<std::byte>(bits); };
    for (std::size_t j = 0; j < static_cast<std::size_t>(form.parts()); ++j) switch (form.type) {
            case GgufType::Q2_K: put(j, s[j] | m[j] << 4); break;
            case GgufType::Q3_K:
                put(96 + j % 8, (s[j] & 15) << (j < 8 ? 0 : 4));
                put(104 + j % 4, s[j] >> 4 << 2 * (j / 4));
                break;
            case GgufType::Q4_K:
            case GgufType::Q5_K:
                if (j < 4) {
                    put(4 + j, s[j]);
                    put(8 + j, m[j]);
                } else {
                    put(8 + j, (s[j] & 15) | (m[j] & 15) << 4);
                    put(j, s[j] >> 4 << 6);
                    put(4 + j, m[j] >> 4 << 6);
                }
                break;
            case GgufType::Q6_K: put(192 + j, s[j]); break;
            case GgufType::IQ4_XS:
                put(4 + j / 2, (s[j] & 15) << 4 * (j % 2));
                put(2 + j / 4, s[j] >> 4 << 2 * (j % 4));
                break;
            default: break;
        }
}

void splitScales(const GgufForm& form, ConstBytes b, Numbers& s, Numbers& m) noexcept {
    for (std::size_t j = 0; j < static_cast<std::size_t>(form.parts()); ++j) switch (form.type) {
            case GgufType::Q2_K:
                s[j] = byteAt(b, j) & 15;
                m[j] = byteAt(b, j) >> 4;
                break;
            case GgufType::Q3_K: s[j] = (byteAt(b, 96 + j % 8) >> (j < 8 ? 0 : 4) & 15) | (byteAt(b, 104 + j % 4) >> 2 * (j / 4) & 3) << 4; break;
            case GgufType::Q4_K:
            case GgufType::Q5_K:
                s[j] = j < 4 ? byteAt(b, 4 + j) & 63 : (byteAt(b, 8 + j) & 15) | byteAt(b, j) >> 6 << 4;
                m[j] = j < 4 ? byteAt(b, 8 + j) & 63 : byteAt(b, 8 + j) >> 4 | byteAt(b, 4 + j) >> 6 << 4;
                break;
            case GgufType::Q6_K: s[j] = byteAt(b, 192 + j); break;
            case GgufType::IQ4_XS: s[j] = (byteAt(b, 4 + j / 2) >> 4 * (j % 2) & 15) | (byteAt(b, 2 + j / 4) >> 2 * (j % 4) & 3) << 4; break;
            default: break;
        }
}

// Where the halves of scale and min lie.
struct Halves {
    std::size_t scale = 0, min = 0;
};
Halves halvesOf(GgufType type) noexcept {
    switch (type) {
        case GgufType::Q2_K: return {80, 82};
        case GgufType::Q3_K: return {108, 0};
        case GgufType::Q6_K: return {208, 0};
        case GgufType::TQ1_0: return {52, 0};
        case GgufType::TQ2_0: return {64, 0};
        default: return {0, 2};
    }
}

// What is added to a part's scale in the file: Q3_K and IQ4_XS hold unsigned numbers of 6 bits.
int biasOf(GgufType type) noexcept { return type == GgufType::Q3_K || type == GgufType::IQ4_XS ? 32 : 0; }
// Q4_1 and Q5_1 hold what is added, all others what is taken away.
bool addsMin(GgufType type) noexcept { return type == GgufType::Q4_1 || type == GgufType::Q5_1; }

void putHalf(Bytes bytes, std::size_t at, float value) noexcept {
    const std::uint16_t half = floatToHalf(value);
    bytes[at] = static_cast<std::byte>(half & 255);
    bytes[at + 1] = static_cast<std::byte>(half >> 8);
}
float halfAt(ConstBytes bytes, std::size_t at) noexcept { return halfToFloat(static_cast<std::uint16_t>(byteAt(bytes, at) | byteAt(bytes, at + 1) << 8)); }

}  // namespace

void joinGguf(const GgufForm& form, const GgufParameters& block, std::span<const std::byte> codes, std::span<std::byte> bytes) noexcept {
    if (isLattice(form.type)) return joinLattice(form.type, block, reinterpret_cast<const std::uint8_t*>(codes.data()), reinterpret_cast<std::uint8_t*>(bytes.data()));
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    if (form.type == GgufType::TQ1_0) joinTernary(codes, bytes);
    moveCodes(form.type, Writing{bytes, codes});
    Numbers scales{}, mins{};
    for (std::size_t p = 0; p < scales.size(); ++p) {
        scales[p] = static_cast<unsigned>(block.scales[p] + biasOf(form.type)) & 255;
        mins[p] = static_cast<unsigned>(block.mins[p]) & 255;
    }
    joinScales(form, scales, mins, bytes);
    if (form.type == GgufType::MXFP4) {
        bytes[0] = static_cast<std::byte>(std::clamp(std::ilogb(block.scale) + 128, 0, 254));
        return;
    }
    const Halves at = halvesOf(form.type);
    putHalf(bytes, at.scale, block.scale);
    if (form.hasMin) putHalf(bytes, at.min, addsMin(form.type) ? -block.min : block.min);
}

void splitGguf(const GgufForm& form, std::span<const std::byte> bytes, GgufParameters& block, std::span<std::byte> codes) noexcept {
    if (isLattice(form.type)) return splitLattice(form.type, reinterpret_cast<const std::uint8_t*>(bytes.data()), block, reinterpret_cast<std::uint8_t*>(codes.data()));
    std::fill(codes.begin(), codes.end(), std::byte{0});
    if (form.type == GgufType::TQ1_0) splitTernary(bytes, codes);
    moveCodes(form.type, Reading{bytes, codes});
    block = {};
    if (form.parts() > 1) {
        Numbers scales{}, mins{};
        splitScales(form, bytes, scales, mins);
        for (std::size_t p = 0; p < static_cast<std::size_t>(form.parts()); ++p) {
            block.scales[p] = static_cast<std::int8_t>(static_cast<int>(scales[p]) - biasOf(form.type));
            block.mins[p] = static_cast<std::int8_t>(mins[p]);
        }
    }
    if (form.type == GgufType::MXFP4) {
        block.scale = std::ldexp(1.0f, static_cast<int>(byteAt(bytes, 0)) - 128);
        return;
    }
    const Halves at = halvesOf(form.type);
    block.scale = halfAt(bytes, at.scale);
    if (form.hasMin) block.min = addsMin(form.type) ? -halfAt(bytes, at.min) : halfAt(bytes, at.min);
}

}  // namespace bitlathe
