// One walk over float weights that yields all a report needs of a format: codes, error sums, and exact
// histograms of codes, values, decoded values and errors. Per tensor, channel or group: the scale changes
// every `groupSize` elements. Knows no tensors, no schemes and no range rules.
//
// Formats are affine integers of up to 8 bits, which one kernel codes and sums at once; those of level_rows.h,
// coded piece by piece within the nearest cache; and any other, whose decoded values are given.
//
// Codes of affine integers follow the rounding law (core/quant/affine.h): nearest(x / scale) with ties to even, the quotient
// being float32, plus the zero point, saturated; NaN gets the code of 0. Most quotients are taken with a
// reciprocal; those near a tie are divided, so every code is the law's.
//
// Sums have one fixed order on every instruction set, so they are the same bits too. A piece is a part of
// a group, or several whole groups, at most 4096 elements. Within a group's part, 64 elements at a time,
// padded with zeros: lane l of 16 takes fma(v[l+16], v[l+16], v[l]^2) + fma(v[l+48], v[l+48], v[l+32]^2)
// in float32. Groups add up by lane in float32, pieces by lane in double, and the lanes last, as a tree.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"
#include "core/kernels/level_rows.h"

namespace bitlathe {

// Over the finite elements; x is the weight, e = x - decoded(x) in float32.
struct WeightSums {
    double error2 = 0;      // sum of e^2
    double value2 = 0;      // sum of x^2
    double valueError = 0;  // sum of x e
    float maxError = 0;     // max |e|
    std::int64_t clipped = 0;    // elements whose nearest code lies outside of the code range
    std::int64_t notFinite = 0;  // NaN and infinite elements: in no sum, but coded and counted
    std::int64_t count = 0;      // all elements

    double valueDecoded() const noexcept { return value2 - valueError; }                 // sum of x decoded(x)
    double decoded2() const noexcept { return value2 - 2 * valueError + error2; }        // sum of decoded(x)^2
    friend bool operator==(const WeightSums&, const WeightSums&) = default;
};

// a += b: totals over parts, in the caller's order.
void addSums(WeightSums& a, const WeightSums& b) noexcept;

// `count` equal bins over [low, high), count <= 4096; 0: not wanted. Counts have count + 2 entries: first
// what lies below (and NaN), then the bins, then what lies at `high` and above. They are added to.
struct Bins {
    float low = 0, high = 0;
    int count = 0;
    std::int64_t* counts = nullptr;
};

struct WeightPass {
    const float* x = nullptr;
    std::int64_t count = 0;
    std::int64_t groupSize = 0;             // >= 1; the last group may be shorter
    const float* scales = nullptr;          // one per group
    const std::int32_t* zeroPoints = nullptr;  // one per group; nullptr: all 0
    std::int32_t low = 0, high = 0;         // codes, high - low <= 255
    bool signs = false;  // the 1-bit format: codes -1 for x < 0 and +1 for the rest; low -1, high 1

    // Instead of affine integers: a format of level_rows.h with what its groups have, whose size may be another
    // than groupSize, or values decoded before.
    // What lies outside of lowest … highest of its group counts as clipped; nullptr: nothing does.
    const LevelFormat* format = nullptr;
    LevelGroups groups;
    const float* coded = nullptr;    // with a format: what is coded in the place of x, of which errors remain
    const float* given = nullptr;    // decoded values of all elements
    const float* lowest = nullptr;   // one per group
    const float* highest = nullptr;

    // Wanted or nullptr.
    std::uint8_t* codes = nullptr;       // count bytes, two's complement; of affine integers and formats that are not wide
    std::int64_t* codeCounts = nullptr;  // high - low + 1 entries, added to; as codes
    Bins values, decoded, errors;
    float* groupError2 = nullptr;  // sums of e^2 and x^2 of each group; groups of at most 4096 elements
    float* groupValue2 = nullptr;
};

// Allocates nothing; about 2 GB of weights a second and more, so callers cut long rows and checkpoint.
WeightSums weightPass(Isa isa, const WeightPass& pass) noexcept;

}  // namespace bitlathe
