#include "core/kernels/block_lattice_layout.h"

#include "core/kernels/convert_rows.h"
#include "core/kernels/lattice_points.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

namespace bitlathe {

namespace {

constexpr int kValues = 256, kEights = 32;

struct Places {
    std::span<const std::uint16_t> points;
    int group, levels;
};
Places placesOf(GgufType type) noexcept {
    switch (type) {
        case GgufType::IQ1_S:
        case GgufType::IQ1_M: return {kIq1SPoints, 8, 3};
        case GgufType::IQ2_XXS: return {kIq2XxsPoints, 8, 3};
        case GgufType::IQ2_XS: return {kIq2XsPoints, 8, 3};
        case GgufType::IQ2_S: return {kIq2SPoints, 8, 3};
        case GgufType::IQ3_XXS: return {kIq3XxsPoints, 4, 8};
        default: return {kIq3SPoints, 4, 8};
    }
}

// Levels of a code, from the lowest one.
constexpr std::array<float, 6> kLevels2 = {-43, -25, -8, 8, 25, 43};
constexpr std::array<float, 16> kLevels3Xxs = {-62, -52, -44, -36, -28, -20, -12, -4, 4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::array<float, 16> kLevels3S = {-15, -13, -11, -9, -7, -5, -3, -1, 1, 3, 5, 7, 9, 11, 13, 15};
constexpr std::array<float, 3> kLevels1 = {-1, 0, 1};
std::span<const float> levelsOf(GgufType type) noexcept {
    if (isShifted(type)) return kLevels1;
    if (type == GgufType::IQ3_XXS) return kLevels3Xxs;
    return type == GgufType::IQ3_S ? std::span<const float>(kLevels3S) : kLevels2;
}

unsigned wordAt(const std::uint8_t* b) noexcept { return b[0] | unsigned{b[1]} << 8; }
void putWord(std::uint8_t* b, unsigned word) noexcept {
    b[0] = static_cast<std::uint8_t>(word);
    b[1] = static_cast<std::uint8_t>(word >> 8);
}
std::uint32_t longAt(const std::uint8_t* b) noexcept { return wordAt(b) | wordAt(b + 2) << 16; }
void putLong(std::uint8_t* b, std::uint32_t word) noexcept {
    putWord(b, word);
    putWord(b + 2, word >> 16);
}
void orByte(std::uint8_t& byte, unsigned bits) noexcept { byte = static_cast<std::uint8_t>(byte | bits); }

std::uint16_t halfOf(float value) noexcept {
    const float held = std::clamp(value, -65504.0f, 65504.0f);
    std::uint16_t half;
    halvesFromFloats(Isa::Reference, &held, 1, &half);
    return half;
}
float floatOf(unsigned half) noexcept {
    const auto own = static_cast<std::uint16_t>(half);
    float value;
    floatsFromHalves(Isa::Reference, &own, 1, &value);
    return value;
}

unsigned evenSigns(unsigned seven) noexcept { return seven | (static_cast<unsigned>(std::popcount(seven)) & 1u) << 7; }

// What a block is made of: points in the order of the values, signs of eight values, numbers of parts.
struct Block {
    std::array<unsigned, 64> points{};
    std::array<unsigned, kEights> signs{};
};

unsigned pointOf(const Places& places, const std::uint8_t* codes, bool shifted) noexcept {
    unsigned bits = 0;
    for (int i = 0; i < places.group; ++i) {
        const int code = codes[i], level = shifted ? code : code < places.levels ? places.levels - 1 - code : code - places.levels;
        bits |= static_cast<unsigned>(std::clamp(level, 0, places.levels - 1)) << (places.group == 8 ? 2 : 3) * i;
    }
    const auto found = std::lower_bound(places.points.begin(), places.points.end(), bits);
    return static_cast<unsigned>(std::min<std::ptrdiff_t>(found - places.points.begin(), std::ssize(places.points) - 1));
}

Block blockOf(GgufType type, const std::uint8_t* codes) noexcept {
    const Places places = placesOf(type);
    Block block;
    for (int g = 0; g < kValues / places.group; ++g) block.points[static_cast<std::size_t>(g)] = pointOf(places, codes + g * places.group, isShifted(type));
    for (int i = 0; i < kValues; ++i) block.signs[static_cast<std::size_t>(i / 8)] |= (codes[i] < places.levels ? 1u : 0u) << i % 8;
    return block;
}

void codesOf(GgufType type, const Block& block, std::uint8_t* codes) noexcept {
    const Places places = placesOf(type);
    const unsigned bits = places.group == 8 ? 2 : 3;
    for (int i = 0; i < kValues; ++i) {
        const unsigned point = places.points[block.points[static_cast<std::size_t>(i / places.group)]];
        const int level = static_cast<int>(point >> bits * static_cast<unsigned>(i % places.group) & ((1u << bits) - 1));
        const bool minus = block.signs[static_cast<std::size_t>(i / 8)] >> i % 8 & 1;
        codes[i] = static_cast<std::uint8_t>(isShifted(type) ? level : minus ? places.levels - 1 - level : places.levels + level);
    }
}

// The number behind an odd multiple.
unsigned numberOf(const GgufParameters& block, std::size_t part, unsigned most) noexcept { return std::min(static_cast<unsigned>(std::max(0, block.scales[part] / 2)), most); }
std::int8_t multipleOf(unsigned number) noexcept { return static_cast<std::int8_t>(2 * number + 1); }

}  // namespace

void joinLattice(GgufType type, const GgufParameters& block, const std::uint8_t* codes, std::uint8_t* b) noexcept {
    const Block own = blockOf(type, codes);
    const auto& points = own.points;
    std::memset(b, 0, static_cast<std::size_t>(kGgufSizes[static_cast<int>(type)].bytes));
    const unsigned half = halfOf(block.scale);
    if (type != GgufType::IQ1_M) putWord(b, half);
    for (std::size_t i = 0; i < kEights; ++i) switch (type) {
            case GgufType::IQ2_XXS:
            case GgufType::IQ3_XXS: {
                const bool two = type == GgufType::IQ2_XXS;
                std::uint8_t* word = two ? b + 2 + 8 * (i / 4) + 4 : b + 66 + 4 * (i / 4);
                if (two) b[2 + 8 * (i / 4) + i % 4] = static_cast<std::uint8_t>(points[i]);
                else for (std::size_t g = 0; g < 2; ++g) b[2 + 2 * i + g] = static_cast<std::uint8_t>(points[2 * i + g]);
                putLong(word, longAt(word) | (own.signs[i] & 127) << 7 * (i % 4) | (i % 4 == 0 ? numberOf(block, i / 4, 15) << 28 : 0));
                break;
            }
            case GgufType::IQ2_XS:
                putWord(b + 2 + 2 * i, points[i] | (own.signs[i] & 127) << 9);
                if (i % 2 == 0) orByte(b[66 + i / 4], numberOf(block, i / 2, 15) << (i / 2 % 2 ? 4 : 0));
                break;
            case GgufType::IQ2_S:
                b[2 + i] = static_cast<std::uint8_t>(points[i]);
                b[34 + i] = static_cast<std::uint8_t>(own.signs[i]);
                orByte(b[66 + i / 4], points[i] >> 8 << 2 * (i % 4));
                if (i % 2 == 0) orByte(b[74 + i / 4], numberOf(block, i / 2, 15) << (i / 2 % 2 ? 4 : 0));
                break;
            case GgufType::IQ3_S:
                for (std::size_t g = 0; g < 2; ++g) {
                    b[2 + 2 * i + g] = static_cast<std::uint8_t>(points[2 * i + g]);
                    orByte(b[66 + i / 4], points[2 * i + g] >> 8 << (2 * (i % 4) + g));
                }
                b[74 + i] = static_cast<std::uint8_t>(own.signs[i]);
                if (i % 4 == 0) orByte(b[106 + i / 8], numberOf(block, i / 4, 15) << (i / 4 % 2 ? 4 : 0));
                break;
            case GgufType::IQ1_S: {
                std::uint8_t* word = b + 34 + i / 4 * 2;
                b[2 + i] = static_cast<std::uint8_t>(points[i]);
                putWord(word, wordAt(word) | points[i] >> 8 << 3 * (i % 4) | (i % 4 == 0 ? numberOf(block, i / 4, 7) << 12 | (block.mins[i / 4] & 1 ? 0x8000u : 0u) : 0u));
                break;
            }
            default: {  // IQ1_M
                b[i] = static_cast<std::uint8_t>(points[i]);
                orByte(b[32 + i / 2], (points[i] >> 8 | (block.mins[i / 2] >> i % 2 & 1 ? 8u : 0u)) << 4 * (i % 2));
                std::uint8_t* word = b + 48 + i / 8 * 2;
                if (i % 2 == 0) putWord(word, wordAt(word) | numberOf(block, i / 2, 7) << 3 * (i / 2 % 4) | (i % 8 == 0 ? (half >> 4 * (i / 8) & 15) << 12 : 0));
                break;
            }
        }
}

void splitLattice(GgufType type, const std::uint8_t* b, GgufParameters& block, std::uint8_t* codes) noexcept {
    Block own;
    auto& points = own.points;
    block = {};
    unsigned half = wordAt(b);
    if (type == GgufType::IQ1_M) {
        half = 0;
        for (int w = 0; w < 4; ++w) half |= wordAt(b + 48 + 2 * w) >> 12 << 4 * w;
    }
    block.scale = floatOf(half);
    for (std::size_t i = 0; i < kEights; ++i) switch (type) {
            case GgufType::IQ2_XXS:
            case GgufType::IQ3_XXS: {
                const bool two = type == GgufType::IQ2_XXS;
                const std::uint32_t word = longAt(two ? b + 2 + 8 * (i / 4) + 4 : b + 66 + 4 * (i / 4));
                if (two) points[i] = b[2 + 8 * (i / 4) + i % 4];
                else for (std::size_t g = 0; g < 2; ++g) points[2 * i + g] = b[2 + 2 * i + g];
                own.signs[i] = evenSigns(word >> 7 * (i % 4) & 127);
                block.scales[i / 4] = multipleOf(word >> 28);
                break;
            }
            case GgufType::IQ2_XS:
                points[i] = wordAt(b + 2 + 2 * i) & 511;
                own.signs[i] = evenSigns(wordAt(b + 2 + 2 * i) >> 9);
                block.scales[i / 2] = multipleOf(b[66 + i / 4] >> (i / 2 % 2 ? 4 : 0) & 15);
                break;
            case GgufType::IQ2_S:
                points[i] = b[2 + i] | (b[66 + i / 4] >> 2 * (i % 4) & 3u) << 8;
                own.signs[i] = b[34 + i];
                block.scales[i / 2] = multipleOf(b[74 + i / 4] >> (i / 2 % 2 ? 4 : 0) & 15);
                break;
            case GgufType::IQ3_S:
                for (std::size_t g = 0; g < 2; ++g) points[2 * i + g] = b[2 + 2 * i + g] | (b[66 + i / 4] >> (2 * (i % 4) + g) & 1u) << 8;
                own.signs[i] = b[74 + i];
                block.scales[i / 4] = multipleOf(b[106 + i / 8] >> (i / 4 % 2 ? 4 : 0) & 15);
                break;
            case GgufType::IQ1_S: {
                const unsigned word = wordAt(b + 34 + i / 4 * 2);
                points[i] = b[2 + i] | (word >> 3 * (i % 4) & 7) << 8;
                block.scales[i / 4] = multipleOf(word >> 12 & 7);
                block.mins[i / 4] = word & 0x8000 ? 1 : 0;
                break;
            }
            default: {  // IQ1_M
                const unsigned high = b[32 + i / 2] >> 4 * (i % 2);
                points[i] = b[i] | (high & 7) << 8;
                block.mins[i / 2] = static_cast<std::int8_t>(block.mins[i / 2] | (high >> 3 & 1) << i % 2);
                block.scales[i / 2] = multipleOf(wordAt(b + 48 + i / 8 * 2) >> 3 * (i / 2 % 4) & 7);
                break;
            }
        }
    codesOf(type, own, codes);
}

LatticePart latticePart(GgufType type, const GgufParameters& block, int eight) noexcept {
    const int part = 8 * eight / kGgufSizes[static_cast<int>(type)].part;
    const float scale = floatOf(halfOf(block.scale)) * (latticeUnit(type) * static_cast<float>(block.scales[part]));
    if (!isShifted(type)) return {scale, 0};
    const bool down = block.mins[part] >> (type == GgufType::IQ1_M ? eight % 2 : 0) & 1;
    return {scale, scale * (down ? kLatticeShift : -kLatticeShift)};
}

void decodeLattice(GgufType type, const GgufParameters& block, const std::uint8_t* codes, int count, float* out) noexcept {
    const auto levels = levelsOf(type);
    for (int e = 0; 8 * e < count; ++e) {
        const LatticePart part = latticePart(type, block, e);
        for (int i = 8 * e; i < std::min(8 * e + 8, count); ++i) out[i] = part.scale * levels[std::min<std::size_t>(codes[i], levels.size() - 1)] - part.min;
    }
}

void codeImportance(const float* importance, int count, std::uint8_t* codes) noexcept {
    const auto bitsOf = [](float weight) { return weight > 0 ? std::bit_cast<std::uint32_t>(weight) >> 19 : 0u; };
    std::uint32_t most = 0;
    for (int i = 0; i < count; ++i) most = std::max(most, bitsOf(importance[i]));
    for (int i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(most == 0 ? 255 : 255 - std::min(most - bitsOf(importance[i]), 255u));
}

}  // namespace bitlathe
