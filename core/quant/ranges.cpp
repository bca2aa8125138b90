#include "core/quant/ranges.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/least_error.h"
#include "core/quant/order_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

ValueRange holdingZero(ValueRange range) noexcept { return {std::min(range.lo, 0.0f), std::max(range.hi, 0.0f)}; }

// Few values in many bins say nothing, slowly: at least eight values for each bin, but enough bins to choose from.
std::size_t entropyBins(const Entropy& rule, std::size_t count) noexcept {
    const auto asked = static_cast<std::size_t>(rule.bins), least = std::min(asked, 2 * static_cast<std::size_t>(rule.quantizedBins));
    return std::clamp(count / 8 / 2 * 2, least, asked);
}

ValueRange entropy(std::span<const float> x, const Entropy& rule, ValueRange seen, const ForChunks& forChunks) {
    const double limit = std::max(std::fabs(double(seen.lo)), std::fabs(double(seen.hi)));
    if (limit == 0) return seen;
    const auto count = static_cast<std::int64_t>(x.size());
    Histogram whole{-limit, limit, std::vector<std::uint64_t>(entropyBins(rule, x.size())), 0, 0};
    std::vector<Histogram> parts(static_cast<std::size_t>(chunksOf(count)), whole);
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        addTo(parts[static_cast<std::size_t>(chunk)], x.subspan(begin, std::min<std::size_t>(kChunkValues, x.size() - begin)));
    });
    for (const Histogram& part : parts)
        for (std::size_t i = 0; i < whole.counts.size(); ++i) whole.counts[i] += part.counts[i];
    return entropyRange(whole, rule.quantizedBins, seen);
}

}  // namespace

ValueRange finiteRange(std::span<const float> x) noexcept {
    constexpr float kLargest = std::numeric_limits<float>::max();
    constexpr std::size_t kLanes = 16;
    float los[kLanes], his[kLanes];
    std::fill_n(los, kLanes, kLargest);
    std::fill_n(his, kLanes, -kLargest);
    const auto one = [&](float v, std::size_t lane) {
        const bool finite = v - v == 0.0f;
        const float low = finite ? v : kLargest, high = finite ? v : -kLargest;
        los[lane] = low < los[lane] ? low : los[lane];
        his[lane] = high > his[lane] ? high : his[lane];
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(x[i + lane], lane);
    for (std::size_t i = whole; i < x.size(); ++i) one(x[i], i - whole);
    const float lo = *std::min_element(los, los + kLanes), hi = *std::max_element(his, his + kLanes);
    return lo <= hi ? ValueRange{lo, hi} : ValueRange{};
}

ValueRange weightRange(std::span<const float> x, const QuantSpec& spec) {
    if (!codecOf(spec).takesRange) return holdingZero(finiteRange(x));
    return holdingZero(std::visit(
        Overloaded{
            [&](const MinMax&) { return finiteRange(x); },
            [&](const MovingAverage&) { return finiteRange(x); },
            [&](const Percentile& rule) { return percentileOf(x, rule.percent, spec.symmetric); },
            [&](const LeastError& rule) { return leastErrorRange(x, spec, rule.norm); },
            [&](const Entropy& rule) {
                return entropy(x, rule, holdingZero(finiteRange(x)), oneAfterTheOther);
            },
            [&](const Manual& rule) { return ValueRange{float(rule.lo), float(rule.hi)}; },
        },
        spec.range));
}

ValueRange weightRange(std::span<const float> x, const QuantSpec& spec, Workers& workers, JobContext& job) {
    constexpr std::size_t kMany = 1 << 18;
    if (x.size() < kMany) return weightRange(x, spec);
    const bool takesRange = codecOf(spec).takesRange;
    const ForChunks forChunks = [&](std::int64_t chunks, const std::function<void(std::int64_t)>& body) {
        workers.forEach(chunks, [&](std::int64_t chunk) {
            if (!job.stopRequested()) body(chunk);
        });
        job.checkpoint(0);
    };
    if (takesRange && std::holds_alternative<Manual>(spec.range)) return weightRange(x, spec);
    if (const auto* rule = std::get_if<Percentile>(&spec.range); rule && takesRange) return holdingZero(percentileOf(x, rule->percent, spec.symmetric, forChunks));
    const auto count = static_cast<std::int64_t>(x.size());
    std::vector<ValueRange> parts(static_cast<std::size_t>(chunksOf(count)));
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        parts[static_cast<std::size_t>(chunk)] = holdingZero(finiteRange(x.subspan(begin, std::min<std::size_t>(kChunkValues, x.size() - begin))));
    });
    ValueRange seen;
    for (const ValueRange& part : parts) seen = {std::min(seen.lo, part.lo), std::max(seen.hi, part.hi)};
    if (!takesRange) return seen;
    if (const auto* rule = std::get_if<LeastError>(&spec.range)) return leastErrorRange(x, seen, spec, rule->norm, forChunks);
    if (const auto* rule = std::get_if<Entropy>(&spec.range)) return holdingZero(entropy(x, *rule, seen, forChunks));
    return seen;
}

}  // namespace bitlathe
