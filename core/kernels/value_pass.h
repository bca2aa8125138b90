// What there is to know of a row of floats before it is quantized: extremes, sums, a histogram. Only finite
// elements count. Sums have the fixed order of weight_pass.h, so they are the same bits on every
// instruction set. Knows no tensors.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"
#include "core/kernels/weight_pass.h"

namespace bitlathe {

struct ValueSums {
    float min = 0, max = 0;    // 0 where no element is finite; never -0
    float leastMagnitude = 0;  // min |x|
    double sum = 0, magnitudes = 0, squares = 0;  // of x, |x|, x^2
    std::int64_t zeros = 0;
    std::int64_t notFinite = 0;
    std::int64_t count = 0;  // all elements
    std::int64_t finite() const noexcept { return count - notFinite; }
    friend bool operator==(const ValueSums&, const ValueSums&) = default;
};

// a and b one after the other: totals over parts, in the caller's order.
void addSums(ValueSums& a, const ValueSums& b) noexcept;

ValueSums valuePass(Isa isa, const float* x, std::int64_t count) noexcept;

// Extremes of each group of groupSize elements, the last may be shorter; of finite elements, 0 where there
// are none. min and max have (count + groupSize - 1) / groupSize entries.
void groupExtremes(Isa isa, const float* x, std::int64_t count, std::int64_t groupSize, float* min, float* max) noexcept;

// Counts of x, or of |x|, as `bins` says (weight_pass.h); elements that are not finite are not counted.
void histogramPass(Isa isa, const float* x, std::int64_t count, bool magnitudes, const Bins& bins) noexcept;

}  // namespace bitlathe
