// The range whose quantization error is least, by search. Knows values and counts, no tensors.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/range_points.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"

#include <cstddef>

namespace bitlathe {

// argmin over shrunken ranges of Σ weight · |x − x̂|^norm under the spec's codec. Scans 40 factors 1, 0.98 … 0.22
// by which both ends shrink together (the error is not unimodal at 2 and 3 bits, so the scan comes first),
// then tries 9 finer factors around the best, then moves each end alone by the same steps where the
// format is asymmetric. Ties keep the wider range. The result holds 0.
ValueRange leastErrorRange(const RangePoints& points, const QuantSpec& spec, double norm, Isa isa = Isa::Reference);

// More values than this are searched as so many bins: at least 16 for each step between levels.
constexpr std::size_t searchBins(int bits) noexcept { return bits <= 4 ? 512 : bits <= 8 ? std::size_t{32} << (bits - 1) : 4096; }

}  // namespace bitlathe
