// Values as ascending distinct points with weights: what optimal tables are computed from. Knows no formats.
#pragma once

#include "core/quant/chunks.h"

#include <cstddef>
#include <span>
#include <vector>

namespace bitlathe {

struct WeightedPoints {
    std::vector<double> values;   // ascending, distinct
    std::vector<double> weights;  // > 0
};

// Up to this many values are points of their own. More are counted by their first 9 bits of mantissa (512
// bins per octave and sign); a bin stands for its values by their weighted mean.
inline constexpr std::size_t kExactPoints = 8192;

// The finite values; importance: empty, or one weight >= 0 per value. Values of weight 0 are left out,
// unless all have it: then each weighs 1. May be empty.
WeightedPoints weightedPoints(std::span<const float> x, std::span<const float> importance);
// The same of many values in chunks, at most four of them at a time in memory. Weights of bins are added in the
// order of chunks, so the result is the same for every number of threads.
WeightedPoints weightedPoints(std::span<const float> x, std::span<const float> importance, const ForChunks& forChunks);

}  // namespace bitlathe
