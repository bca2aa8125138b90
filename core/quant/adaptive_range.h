// The adaptive rule: tries the others on a group and keeps the range that is best by a metric. Knows no tensors.
#pragma once

#include "core/quant/range_points.h"
#include "core/quant/range_trial.h"
#include "core/quant/ranges.h"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bitlathe {

// What is tried, in this order: min–max, percentiles 99.99, 99.9 and 99, least error with norms 2 and 2.4, entropy,
// ACIQ Gaussian and Laplace. RangeChoice::taken is a place in this list.
std::span<const RangeRule> rangeCandidates() noexcept;
std::uint8_t candidateOf(Aciq::Shape shape) noexcept;  // not Auto

// The best of the ranges that rangeOf(candidate) finds, judged on the points; equal figures keep the earlier one,
// so the result is the same for every number of threads.
RangeChoice bestRange(const RangePoints& points, const QuantSpec& spec, Adaptive::Metric metric, Isa isa,
                      const std::function<ValueRange(const RangeRule&)>& rangeOf);

// "least error, norm 2.4 on 48 of 64 scales, percentile 99.9 on 16": most frequent first, at most four of them.
// Empty when nothing was chosen. `unit`: what the scales belong to, "channels".
std::string takenText(std::span<const std::uint8_t> taken, const std::string& unit);

}  // namespace bitlathe
