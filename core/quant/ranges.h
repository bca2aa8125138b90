// Range estimators: where the representable range of a group of values ends. On values that lie in
// memory; core/quant/observer.h has the ones that see values pass by. Knows no tensors.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/histogram.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bitlathe {

class JobContext;
class Workers;

// The finite values' ends; lo = hi = 0 when there are none. Not widened to hold 0.
ValueRange finiteRange(std::span<const float> x) noexcept;

// A range, and which of rangeCandidates() it comes from where the rule chose: Adaptive, and ACIQ by the
// likelier shape.
struct RangeChoice {
    static constexpr std::uint8_t kNone = 255;
    ValueRange range;
    std::uint8_t taken = kNone;
    bool operator==(const RangeChoice&) const = default;
};

// The range of one group by spec.range, under the spec's codec; it holds 0. NaN and infinities are
// ignored; without any finite value it is 0 … 0. importance: empty, or one weight >= 0 per value.
//   MinMax         smallest … largest
//   MovingAverage  as MinMax: weights come in one batch
//   Percentile     order statistics, see core/quant/order_statistics.h; knows no importance
//   LeastError     argmin over shrunken ranges of Σ importance·|x − x̂|^norm; see core/quant/least_error.h
//   Entropy        entropyRange() of a histogram over ±max|x|; the rule's bins, but for fewer values as
//                  entropyForm() says; knows no importance
//   Manual         as given
//   Aciq           analytical, see core/quant/aciq.h
//   Adaptive       the best of rangeCandidates(), see core/quant/adaptive_range.h
// Formats that take no range rule get smallest … largest. isa: how fast, not what.
RangeChoice chooseRange(std::span<const float> x, const QuantSpec& spec, std::span<const float> importance = {}, Isa isa = Isa::Reference);
// The same, bit for bit, in parallel where there are many values. Throws Cancelled.
RangeChoice chooseRange(std::span<const float> x, const QuantSpec& spec, Workers& workers, JobContext& job, std::span<const float> importance = {},
                        Isa isa = Isa::Reference);

inline ValueRange weightRange(std::span<const float> x, const QuantSpec& spec) { return chooseRange(x, spec).range; }
inline ValueRange weightRange(std::span<const float> x, const QuantSpec& spec, Workers& workers, JobContext& job) {
    return chooseRange(x, spec, workers, job).range;
}

// Few values in many bins say nothing, slowly: of `count` values as many bins as one for every 8 of them, and as
// many quantized bins as one for every 4 of them but at least 16, twice which is the least number of bins. Never
// more of either than the rule has.
Entropy entropyForm(const Entropy& rule, std::size_t count) noexcept;

// ONNX Runtime's entropy threshold (calibrate.py get_entropy_threshold): the window around the middle of
// a histogram over ±T whose clipped distribution has the least Kullback-Leibler divergence from its
// `quantizedBins`-level version; then cut to `seen`. First minimum wins. Above 4096 bins not every window
// is tried, but at least 2048 of them.
ValueRange entropyRange(const Histogram& histogram, int quantizedBins, ValueRange seen);

// ONNX Runtime's percentile over a histogram of x: cuts (100 − percent)/2 % at each end, then cut to `seen`.
ValueRange percentileRange(const Histogram& histogram, double percent, ValueRange seen);
// The same over a histogram of |x|: ±T, then cut to `seen`.
ValueRange absolutePercentileRange(const Histogram& histogram, double percent, ValueRange seen);

// "min–max", "percentile 99.99" …: for tables and menus.
std::string rangeText(const RangeRule& rule);
// "minmax", "movingAverage", "percentile", "leastError", "entropy", "manual", "aciq", "adaptive": stable, in recipes.
std::string_view nameOf(const RangeRule& rule) noexcept;
// "auto", "gaussian", "laplace".
std::string_view nameOf(Aciq::Shape shape) noexcept;
// "squaredError", "norm2.4", "cosine", "maxError", "divergence"; and for people.
std::string_view nameOf(Adaptive::Metric metric) noexcept;
std::string_view labelOf(Adaptive::Metric metric) noexcept;

}  // namespace bitlathe
