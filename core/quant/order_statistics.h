// Percentiles of values in memory: exact order statistics. Knows no formats.
#pragma once

#include "core/quant/chunks.h"
#include "core/quant/value_range.h"

#include <cstddef>
#include <span>

namespace bitlathe {

// With k = floor((100 − percent) % of the n finite values): symmetric cuts the k largest magnitudes and
// gives ±the next one; asymmetric cuts k/2 (rounded down) values at each end. 0 … 0 without finite values.
ValueRange percentileOf(std::span<const float> x, double percent, bool symmetric);

// The same by counting, in parallel and without a copy: two looks at the values, by the upper and by the
// lower half of their bits. For many values: it counts in 65 536 bins per chunk.
ValueRange percentileOf(std::span<const float> x, double percent, bool symmetric, const ForChunks& forChunks);

}  // namespace bitlathe
