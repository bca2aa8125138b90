// The error of the affine format as a search needs it: many times over few values, fast.
#pragma once

#include "core/quant/affine.h"

#include <span>

namespace bitlathe {

// Σ count·(x − x̂)² over finite x with float32 quotients by reciprocal: where x / scale lies within an ulp
// of a tie the code may be the neighbour's, whose error is the same. counts: empty for 1 each, or as long
// as x. The order of additions is fixed.
double affineSquaredError(std::span<const float> x, std::span<const float> counts, AffineParameters parameters, CodeRange codes) noexcept;

}  // namespace bitlathe
