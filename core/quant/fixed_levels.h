// The unit tables of formats with fixed levels; code i stands for values[i]. Built on first use.
#pragma once

#include "core/quant/level_table.h"

namespace bitlathe {

struct QuantSpec;

// bitsandbytes' tables: largest magnitude 1.
const LevelTable& nf4Levels(const QuantSpec&) noexcept;
const LevelTable& fp4Levels(const QuantSpec&) noexcept;

// Sign and magnitude, the sign in the code's highest bit: magnitude 0 is 0, magnitude m >= 1 is
// 2^−(m−1) for base 2 and 2^(−(m−1)/2) for base √2. Codes of spec.bits, 2 … 8.
const LevelTable& log2Levels(const QuantSpec& spec) noexcept;
const LevelTable& logSqrt2Levels(const QuantSpec& spec) noexcept;

// Additive powers of two (Li et al. 2020, with 2 bits per term, as in the authors' code): the sign in the
// highest bit, then n = (b − 1) / 2 terms of two bits; an odd bit left over is one more term of two values.
// The exponents 1, 2, 3 … are dealt to the terms in turn, the odd term taking its one after two rounds, so
// no exponent occurs twice and all 2^(b−1) sums differ. Magnitudes are not normalised.
const LevelTable& apotLevels(const QuantSpec& spec) noexcept;

}  // namespace bitlathe
