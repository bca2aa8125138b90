// Floats to the nearest of a format's levels and back, for formats other than short integers: small floats,
// tables of levels, integers of up to 16 bits. Row by row of groups, each with its own divisor and scale.
// Knows no tensors and no names of formats.
//
// The law: q = x / divisor in float32 (NaN counts as 0), then the nearest step, float or level of q. What it
// stands for is scale * level in float32. Codes and values are the same bits on every instruction set.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

// Up to 32 levels whose thresholds fall into 32 different cells of q: a cell leaves one comparison to make.
struct LevelCells {
    enum class Kind : std::uint8_t { None, Even, Binades };
    Kind kind = Kind::None;
    float perUnit = 0, offset = 0;   // Even: cell = nearest(clamp(fma(q, perUnit, offset), 0, 31))
    std::int32_t shift = 0, least = 0;  // Binades: clamp(bits of |q| >> shift, least, least + 15) % 16, and 16 more for q < 0 and -0
    float thresholds[32] = {};          // q > it: `above`, else `below`
    float below[32] = {}, above[32] = {};
    std::int32_t codesBelow[32] = {}, codesAbove[32] = {};
};

// 1 … 256 levels, laid out for a search in which the answer of comparison k, the first being 0, is bit k of
// an index. Whoever fills the arrays owns them.
struct LevelSet {
    int steps = 0;                             // comparisons
    const float* tree = nullptr;               // from 2^k on: the thresholds of comparison k, by the answers so far
    const float* leaves = nullptr;             // levels by all answers
    const std::int32_t* leafCodes = nullptr;   // their codes
    const LevelCells* cells = nullptr;         // says the same faster; or nullptr
};
constexpr int levelPlaces(int count) noexcept {  // entries of each of the arrays for `count` levels
    int places = 32;
    while (places < count) places *= 2;
    return places;
}
// levels ascend; q > thresholds[i] means at least level i + 1. The arrays have levelPlaces(count) entries.
LevelSet levelSet(int count, const float* levels, const float* thresholds, const std::uint8_t* codes, float* tree, float* leaves,
                  std::int32_t* leafCodes) noexcept;
// The cells of the same levels; kind None where thresholds lie too close together. Takes some microseconds.
LevelCells levelCells(int count, const float* levels, const float* thresholds, const std::uint8_t* codes) noexcept;

// Floats of sign, exponent, mantissa without infinities among the levels: to nearest, ties to even, saturated.
struct FloatLevels {
    int exponentBits = 0, mantissaBits = 0, bias = 0;
    float largest = 0;
    bool oneZero = false;  // -0 has the code of 0
};

struct LevelFormat {
    enum class Kind : std::uint8_t { Steps, Floats, Levels };
    Kind kind = Kind::Steps;
    std::int32_t low = 0, high = 0;  // Steps: codes, of 16 bits at most; nearest(q) + zero point, ties to even, saturated
    bool wide = false;               // Steps: codes have two bytes
    FloatLevels floats;
};

// What groups have: `scales` and the others hold one entry per group of `size` elements.
struct LevelGroups {
    std::int64_t size = 1;
    const float* scales = nullptr;
    const float* divisors = nullptr;           // nullptr: the scales
    const std::int32_t* zeroPoints = nullptr;  // Steps; nullptr: all 0
    const LevelSet* sets = nullptr;            // Levels: one per group, or one for all of them
    bool oneSet = false;
};

// x has `count` elements from the beginning of a group on; the last group may be shorter. codes (of one byte,
// or two if wide) and decoded: wanted or nullptr.
struct LevelRows {
    const float* x = nullptr;
    std::int64_t count = 0;
    LevelFormat format;
    LevelGroups groups;
    void* codes = nullptr;
    float* decoded = nullptr;
};
void levelRows(Isa isa, const LevelRows& rows) noexcept;

}  // namespace bitlathe
