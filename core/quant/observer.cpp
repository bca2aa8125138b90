#include "core/quant/observer.h"

#include "core/quant/batch_extent.h"
#include "core/quant/least_error.h"
#include "core/quant/ranges.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

using Of = GrowingHistogram::Of;

std::optional<GrowingHistogram> histogramFor(const ActivationSpec& spec, bool keep) {
    if (const auto* entropy = std::get_if<Entropy>(&spec.range)) return GrowingHistogram(Of::Signed, entropy->bins);
    if (std::holds_alternative<Percentile>(spec.range))
        return GrowingHistogram(spec.symmetric ? Of::Magnitudes : Of::Signed, Observer::kBins);
    if (std::holds_alternative<LeastError>(spec.range) || keep) return GrowingHistogram(Of::Signed, Observer::kBins);
    return std::nullopt;
}

}  // namespace

Observer::Observer(const ActivationSpec& spec, bool keepHistogram) : m_spec(spec), m_histogram(histogramFor(spec, keepHistogram)) {}

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
    const ValueRange range = std::visit(
        Overloaded{
            [&](const MinMax&) { return seen; },
            [&](const MovingAverage&) { return ValueRange{float(m_average.min), float(m_average.max)}; },
            [&](const Percentile& rule) {
                return m_spec.symmetric ? absolutePercentileRange(histogram, rule.percent, seen) : percentileRange(histogram, rule.percent, seen);
            },
            [&](const LeastError& rule) {
                QuantSpec spec;
                spec.bits = m_spec.bits;
                spec.symmetric = m_spec.symmetric;
                return leastErrorRange(histogram, seen, spec, rule.norm);
            },
            [&](const Entropy& rule) { return entropyRange(histogram, rule.quantizedBins, seen); },
            [&](const Manual&) { return seen; },
        },
        m_spec.range);
    result.range = {std::min(range.lo, range.hi), std::max(range.lo, range.hi)};
    return result;
}

}  // namespace bitlathe
