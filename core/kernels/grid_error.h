// The error of an even grid of codes over weighted points, as a search for ranges asks for it: many times,
// over few points. The same bits at every ISA: sums go to sixteen parts in a fixed order. Knows no formats
// and no ranges.
#pragma once

#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

struct ErrorPoints {
    const float* x = nullptr;        // finite
    const float* weights = nullptr;  // one >= 0 for each; null: 1 each
    std::int64_t count = 0;
};

// Codes lo … hi, less the zero point: whole numbers below 2^22 with lo <= 0 <= hi. scale > 0.
struct ErrorGrid {
    float scale = 1.0f, lo = 0.0f, hi = 0.0f;
};

// Σ weight · |x − x̂|^norm with x̂ = scale · clamp(nearest(x / scale), lo, hi), quotients by reciprocal: where
// x / scale lies within an ulp of a tie, x̂ may be the neighbour, whose error is the same. norm > 0; powers
// other than 2 within 1e-5 of themselves.
double gridError(Isa isa, const ErrorPoints& points, const ErrorGrid& grid, float norm) noexcept;

// The same for x̂ that somebody else found: y[i] belongs to x[i].
double pairError(Isa isa, const ErrorPoints& points, const float* y, float norm) noexcept;

}  // namespace bitlathe
