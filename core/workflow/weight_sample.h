// A small, evenly spread part of a weight, for a first answer while the exact one is made. Deterministic.
#pragma once

#include "core/workflow/weight_source.h"

#include <cstdint>
#include <vector>

namespace bitlathe {

struct WeightSample {
    WeightSource source;                // compact: 1 × channels × elements
    std::vector<std::int64_t> channels;  // which channels of the whole, ascending
    double share = 1;                    // of the weights; 1: the sample is the whole, untouched
};

// About `target` weights (>= 1): whole channels, evenly spread, while a channel is short enough to give
// sixteen of them; of longer channels evenly spread blocks of elements, which begin at multiples of
// `groupSize` and keep groups whole.
WeightSample sampleOf(const WeightSource& whole, std::int64_t target, std::int64_t groupSize);

}  // namespace bitlathe
