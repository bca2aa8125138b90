// The range whose quantization error is least, by search. Knows values and counts, no tensors.
#pragma once

#include "core/quant/chunks.h"
#include "core/quant/histogram.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"

#include <span>

namespace bitlathe {

// argmin over shrunken ranges of Σ|x − x̂|^norm under the spec's codec. Scans 40 factors 1, 0.98 … 0.22 by
// which both ends shrink together (the error is not unimodal at 2 and 3 bits, so the scan comes first),
// then tries 9 finer factors around the best, then moves each end alone by the same steps where the
// format is asymmetric. Ties keep the wider range. The result holds 0.
//
// Few values are searched as they are; more than searchBins(bits) are first counted into that many bins,
// whose means stand for them: at least 16 bins for each step between levels. NaN and infinities are ignored.
constexpr int searchBins(int bits) noexcept { return bits <= 4 ? 512 : bits <= 8 ? 32 << (bits - 1) : 4096; }
ValueRange leastErrorRange(std::span<const float> x, const QuantSpec& spec, double norm);
// The same where the ends of the finite values are known (holding 0), binning in chunks.
ValueRange leastErrorRange(std::span<const float> x, ValueRange full, const QuantSpec& spec, double norm, const ForChunks& forChunks);

// The same over an observer's histogram: bin centres, weighted by counts; `seen` bounds the search.
ValueRange leastErrorRange(const Histogram& histogram, ValueRange seen, const QuantSpec& spec, double norm);

}  // namespace bitlathe
