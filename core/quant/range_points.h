// The values of one group as weighted points: what searches for ranges look at, many times. Knows no formats.
#pragma once

#include "core/quant/chunks.h"
#include "core/quant/histogram.h"
#include "core/quant/value_range.h"

#include <cstddef>
#include <span>
#include <vector>

namespace bitlathe {

struct RangePoints {
    std::vector<float> values;   // finite
    std::vector<float> weights;  // one >= 0 for each value; empty: 1 each
    ValueRange full;             // the values' ends, holding 0
    bool ascending = false;      // values are sorted
};

// Few values are points as they are; more than `bins` are counted into that many equal bins over `full`, whose
// weighted means stand for them. NaN and infinities are left out. importance: empty, or one weight >= 0 per
// value; where all are 0 they count 1 each. full: the ends of the finite values, holding 0.
RangePoints rangePoints(std::span<const float> x, std::span<const float> importance, ValueRange full, std::size_t bins,
                        const ForChunks& forChunks = oneAfterTheOther);

// Bin centres, weighted by counts, within `seen`, which is widened to hold 0.
RangePoints rangePoints(const Histogram& histogram, ValueRange seen);

}  // namespace bitlathe
