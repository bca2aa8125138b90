#include "core/quant/ranges.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/aciq.h"
#include "core/quant/adaptive_range.h"
#include "core/quant/codec.h"
#include "core/quant/least_error.h"
#include "core/quant/order_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

const ForChunks kOneAfterTheOther = oneAfterTheOther;

ValueRange holdingZero(ValueRange range) noexcept { return {std::min(range.lo, 0.0f), std::max(range.hi, 0.0f)}; }

// Searches ask for the points more than once; made on first use.
class GroupValues {
public:
    GroupValues(std::span<const float> x, std::span<const float> importance, ValueRange seen, const QuantSpec& spec, Isa isa, const ForChunks& forChunks)
        : m_x(x), m_importance(importance), m_seen(seen), m_spec(spec), m_isa(isa), m_forChunks(forChunks), m_inChunks(&forChunks != &kOneAfterTheOther) {}

    RangeChoice choose(const RangeRule& rule) {
        const auto plain = [](ValueRange range) { return RangeChoice{holdingZero(range)}; };
        return std::visit(Overloaded{
                              [&](const MinMax&) { return plain(m_seen); },
                              [&](const MovingAverage&) { return plain(m_seen); },
                              [&](const Percentile& r) {
                                  return plain(m_inChunks ? percentileOf(m_x, r.percent, m_spec.symmetric, m_forChunks) : percentileOf(m_x, r.percent, m_spec.symmetric));
                              },
                              [&](const LeastError& r) { return plain(leastErrorRange(points(), m_spec, r.norm, m_isa)); },
                              [&](const Entropy& r) { return plain(entropy(r)); },
                              [&](const Manual& r) { return plain({float(r.lo), float(r.hi)}); },
                              [&](const Aciq& r) { return aciq(r.shape); },
                              [&](const Adaptive& r) {
                                  return bestRange(points(), m_spec, r.metric, m_isa, [this](const RangeRule& candidate) { return choose(candidate).range; });
                              },
                          },
                          rule);
    }

private:
    const RangePoints& points() {
        if (!m_points) {
            m_points = m_seen.lo == m_seen.hi ? RangePoints{{}, {}, m_seen, true} : rangePoints(m_x, m_importance, m_seen, searchBins(m_spec.bits), m_forChunks);
        }
        return *m_points;
    }
    RangeChoice aciq(Aciq::Shape shape) {
        if (!m_moments) m_moments = momentsOf(m_x, m_importance, m_isa, m_forChunks);
        const bool chosen = shape == Aciq::Shape::Auto;
        if (chosen) shape = likelierShape(*m_moments, m_spec.symmetric);
        return {holdingZero(aciqRange(*m_moments, shape, m_spec.bits, m_spec.symmetric)), chosen ? candidateOf(shape) : RangeChoice::kNone};
    }
    ValueRange entropy(const Entropy& rule) {
        const double limit = std::max(std::fabs(double(m_seen.lo)), std::fabs(double(m_seen.hi)));
        if (limit == 0) return m_seen;
        const Entropy form = entropyForm(rule, m_x.size());
        const auto count = static_cast<std::int64_t>(m_x.size());
        Histogram whole{-limit, limit, std::vector<std::uint64_t>(static_cast<std::size_t>(form.bins)), 0, 0};
        std::vector<Histogram> parts(static_cast<std::size_t>(chunksOf(count)), whole);
        m_forChunks(chunksOf(count), [&](std::int64_t chunk) {
            const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
            addTo(parts[static_cast<std::size_t>(chunk)], m_x.subspan(begin, std::min<std::size_t>(kChunkValues, m_x.size() - begin)));
        });
        for (const Histogram& part : parts)
            for (std::size_t i = 0; i < whole.counts.size(); ++i) whole.counts[i] += part.counts[i];
        return entropyRange(whole, form.quantizedBins, m_seen);
    }

    std::span<const float> m_x, m_importance;
    ValueRange m_seen;  // the finite values' ends, holding 0
    const QuantSpec& m_spec;
    Isa m_isa;
    const ForChunks& m_forChunks;
    bool m_inChunks;
    std::optional<RangePoints> m_points;
    std::optional<Moments> m_moments;
};

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

Entropy entropyForm(const Entropy& rule, std::size_t count) noexcept {
    const auto asked = static_cast<std::size_t>(rule.bins), quantized = static_cast<std::size_t>(rule.quantizedBins);
    const std::size_t levels = std::min(quantized, std::max<std::size_t>(count / 4, 16));
    const std::size_t bins = std::clamp(count / 8 / 2 * 2, std::min(asked, 2 * levels), asked);
    return {static_cast<int>(bins), static_cast<int>(levels)};
}

RangeChoice chooseRange(std::span<const float> x, const QuantSpec& spec, std::span<const float> importance, Isa isa) {
    const ValueRange seen = holdingZero(finiteRange(x));
    if (!codecOf(spec).takesRange) return {seen};
    return GroupValues(x, importance, seen, spec, isa, kOneAfterTheOther).choose(spec.range);
}

RangeChoice chooseRange(std::span<const float> x, const QuantSpec& spec, Workers& workers, JobContext& job, std::span<const float> importance, Isa isa) {
    constexpr std::size_t kMany = 1 << 18;
    const bool takesRange = codecOf(spec).takesRange;
    if (x.size() < kMany || (takesRange && std::holds_alternative<Manual>(spec.range))) return chooseRange(x, spec, importance, isa);
    const ForChunks forChunks = [&](std::int64_t chunks, const std::function<void(std::int64_t)>& body) {
        workers.forEach(chunks, [&](std::int64_t chunk) {
            if (!job.stopRequested()) body(chunk);
        });
        job.checkpoint(0);
    };
    const auto count = static_cast<std::int64_t>(x.size());
    std::vector<ValueRange> parts(static_cast<std::size_t>(chunksOf(count)));
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        parts[static_cast<std::size_t>(chunk)] = holdingZero(finiteRange(x.subspan(begin, std::min<std::size_t>(kChunkValues, x.size() - begin))));
    });
    ValueRange seen;
    for (const ValueRange& part : parts) seen = {std::min(seen.lo, part.lo), std::max(seen.hi, part.hi)};
    if (!takesRange) return {seen};
    return GroupValues(x, importance, seen, spec, isa, forChunks).choose(spec.range);
}

}  // namespace bitlathe
