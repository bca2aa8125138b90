#include "core/quant/observer.h"

#include "core/kernels/value_pass.h"
#include "core/base/parallel.h"
#include "core/quant/adaptive_range.h"
#include "core/quant/batch_extent.h"
#include "core/quant/least_error.h"
#include "core/quant/ranges.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

using Of = GrowingHistogram::Of;

std::optional<GrowingHistogram> histogramFor(const ActivationSpec& spec, bool keep) {
    if (const auto* entropy = std::get_if<Entropy>(&spec.range)) return GrowingHistogram(Of::Signed, entropy->bins);
    if (std::holds_alternative<Percentile>(spec.range))
        return GrowingHistogram(spec.symmetric ? Of::Magnitudes : Of::Signed, Observer::kBins);
    const bool needs = std::holds_alternative<LeastError>(spec.range) || std::holds_alternative<Aciq>(spec.range) || std::holds_alternative<Adaptive>(spec.range);
    if (needs || keep) return GrowingHistogram(Of::Signed, Observer::kBins);
    return std::nullopt;
}

// The batch's sums, in fixed chunks added in order.
void addSumsOf(std::span<const float> batch, Workers& workers, Moments& to) {
    constexpr std::int64_t kGrain = 1 << 16;
    const auto count = static_cast<std::int64_t>(batch.size());
    std::vector<ValueSums> parts(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
    workers.forRange(count, kGrain, [&](std::int64_t begin, std::int64_t end) { parts[static_cast<std::size_t>(begin / kGrain)] = valuePass(Isa::Reference, batch.data() + begin, end - begin); });
    for (const ValueSums& part : parts) {
        to.weight += double(part.finite());
        to.zeros += double(part.zeros);
        to.sum += part.sum;
        to.magnitudes += part.magnitudes;
        to.squares += part.squares;
    }
}

// Σ over bins as if they held |x|.
Histogram magnitudesOf(const Histogram& histogram) {
    Histogram folded{0, std::max(-histogram.lo, histogram.hi), std::vector<std::uint64_t>((histogram.counts.size() + 1) / 2), 0, 0};
    const std::size_t half = histogram.counts.size() / 2;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) folded.counts[i < half ? half - 1 - i : i - half] += histogram.counts[i];
    return folded;
}

bool needsMoments(const RangeRule& rule) noexcept { return std::holds_alternative<Aciq>(rule) || std::holds_alternative<Adaptive>(rule); }

}  // namespace

Observer::Observer(const ActivationSpec& spec, bool keepHistogram) : m_spec(spec), m_histogram(histogramFor(spec, keepHistogram)) {
    if (needsMoments(spec.range)) m_moments.emplace();
}

void Observer::observe(std::span<const float> batch, Workers& workers) {
    const BatchExtent extent = extentOf(batch, workers);
    m_seen.count += static_cast<std::int64_t>(batch.size());
    m_seen.notFinite += static_cast<std::int64_t>(batch.size()) - extent.finite;
    ++m_seen.batches;
    if (extent.finite == 0) return;
    m_seen.min = m_any ? std::min(m_seen.min, extent.min) : extent.min;
    m_seen.max = m_any ? std::max(m_seen.max, extent.max) : extent.max;
    m_any = true;
    if (const auto* rule = std::get_if<MovingAverage>(&m_spec.range)) {
        const Ends ends{double(extent.min), double(extent.max)};
        const double c = rule->constant;
        if (m_averaged++ == 0)
            m_average = m_firstBatch = ends;
        else
            m_average = {(1 - c) * m_average.min + c * ends.min, (1 - c) * m_average.max + c * ends.max};
    }
    if (m_moments) addSumsOf(batch, workers, *m_moments);
    if (m_histogram) m_histogram->add(batch, workers);
}

void Observer::merge(const Observer& later) {
    m_seen.count += later.m_seen.count;
    m_seen.notFinite += later.m_seen.notFinite;
    m_seen.batches += later.m_seen.batches;
    if (!later.m_any) return;
    m_seen.min = m_any ? std::min(m_seen.min, later.m_seen.min) : later.m_seen.min;
    m_seen.max = m_any ? std::max(m_seen.max, later.m_seen.max) : later.m_seen.max;
    m_any = true;
    if (const auto* rule = std::get_if<MovingAverage>(&m_spec.range); rule && later.m_averaged > 0) {
        if (m_averaged == 0) {
            m_average = later.m_average;
            m_firstBatch = later.m_firstBatch;
        } else {
            // The later average was seeded with its first batch, which counts with weight c here.
            const double c = rule->constant, n = double(later.m_averaged);
            const double faded = std::pow(1 - c, n), seed = std::pow(1 - c, n - 1) * (1 - c);
            m_average = {faded * m_average.min + later.m_average.min - seed * later.m_firstBatch.min,
                         faded * m_average.max + later.m_average.max - seed * later.m_firstBatch.max};
        }
        m_averaged += later.m_averaged;
    }
    if (m_moments && later.m_moments) {
        m_moments->weight += later.m_moments->weight;
        m_moments->zeros += later.m_moments->zeros;
        m_moments->sum += later.m_moments->sum;
        m_moments->magnitudes += later.m_moments->magnitudes;
        m_moments->squares += later.m_moments->squares;
    }
    if (m_histogram && later.m_histogram) m_histogram->merge(*later.m_histogram);
}

ActivationRange Observer::result() const {
    ActivationRange result = m_seen;
    const Histogram empty;
    const Histogram& histogram = m_histogram ? m_histogram->histogram() : empty;
    result.histogram = histogram;
    const ValueRange seen{m_seen.min, m_seen.max};
    if (const auto* rule = std::get_if<Manual>(&m_spec.range)) {
        result.range = {float(rule->lo), float(rule->hi)};
        return result;
    }
    if (!m_any) return result;
    Moments moments = m_moments.value_or(Moments{});
    if (moments.weight > 0) {
        moments.ends = seen;
        moments.deviations = deviationsOf(histogram, moments.sum / moments.weight);
    }
    const RangeChoice choice = choose(m_spec.range, moments);
    const ValueRange range = choice.range;
    if (choice.taken != RangeChoice::kNone) result.taken = rangeText(rangeCandidates()[choice.taken]);
    result.range = {std::min(range.lo, range.hi), std::max(range.lo, range.hi)};
    return result;
}

RangeChoice Observer::choose(const RangeRule& rule, const Moments& moments) const {
    const Histogram empty;
    const Histogram& histogram = m_histogram ? m_histogram->histogram() : empty;
    const ValueRange seen{m_seen.min, m_seen.max};
    QuantSpec spec;
    spec.bits = m_spec.bits;
    spec.symmetric = m_spec.symmetric;
    const auto aciq = [&](Aciq::Shape shape) {
        const bool chosen = shape == Aciq::Shape::Auto;
        if (chosen) shape = likelierShape(moments, m_spec.symmetric);
        return RangeChoice{aciqRange(moments, shape, m_spec.bits, m_spec.symmetric), chosen ? candidateOf(shape) : RangeChoice::kNone};
    };
    return std::visit(
        Overloaded{
            [&](const MinMax&) { return RangeChoice{seen}; },
            [&](const MovingAverage&) { return RangeChoice{{float(m_average.min), float(m_average.max)}}; },
            [&](const Percentile& r) {
                if (!m_spec.symmetric) return RangeChoice{percentileRange(histogram, r.percent, seen)};
                // The percentile rule's own histogram is of magnitudes; the one that Adaptive shares is signed.
                const bool own = std::holds_alternative<Percentile>(m_spec.range);
                return RangeChoice{absolutePercentileRange(own ? histogram : magnitudesOf(histogram), r.percent, seen)};
            },
            [&](const LeastError& r) { return RangeChoice{leastErrorRange(rangePoints(histogram, seen), spec, r.norm)}; },
            [&](const Entropy& r) { return RangeChoice{entropyRange(histogram, r.quantizedBins, seen)}; },
            [&](const Manual& r) { return RangeChoice{{float(r.lo), float(r.hi)}}; },
            [&](const Aciq& r) { return aciq(r.shape); },
            [&](const Adaptive& r) {
                return bestRange(rangePoints(histogram, seen), spec, r.metric, Isa::Reference, [&](const RangeRule& candidate) { return choose(candidate, moments).range; });
            },
        },
        rule);
}

}  // namespace bitlathe
