#include "core/quant/growing_histogram.h"

#include "core/base/parallel.h"
#include "core/quant/batch_extent.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bitlathe {

GrowingHistogram::GrowingHistogram(Of of, int bins) : m_of(of), m_bins(std::clamp<std::int64_t>(bins + bins % 2, 2, kMaxBins)) {}

void GrowingHistogram::add(std::span<const float> batch, Workers& workers) {
    const BatchExtent extent = extentOf(batch, workers);
    if (extent.finite == 0) return;
    const double largest = std::max(std::fabs(double(extent.min)), std::fabs(double(extent.max)));
    if (!m_started && largest == 0) {
        m_zeros += static_cast<std::uint64_t>(extent.finite);
        return;
    }
    if (!m_started) start(double(extent.leastMagnitude), largest);
    cover(largest);

    const auto count = static_cast<std::int64_t>(batch.size());
    const std::int64_t grain = std::max<std::int64_t>(1 << 16, (count + 15) / 16);  // few copies of the bins
    const auto pieces = static_cast<std::size_t>((count + grain - 1) / grain);
    std::vector<Histogram> parts(pieces, Histogram{m_histogram.lo, m_histogram.hi, std::vector<std::uint64_t>(m_histogram.counts.size()), 0, 0});
    workers.forRange(count, grain, [&](std::int64_t begin, std::int64_t end) {
        const auto piece = batch.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        Histogram& part = parts[static_cast<std::size_t>(begin / grain)];
        m_of == Of::Signed ? addTo(part, piece) : addMagnitudesTo(part, piece);
    });
    for (const Histogram& part : parts) {
        for (std::size_t i = 0; i < part.counts.size(); ++i) m_histogram.counts[i] += part.counts[i];
        m_histogram.counts.front() += part.below;
        m_histogram.counts.back() += part.above;
    }
}

void GrowingHistogram::start(double least, double largest) {
    m_started = true;
    if (m_zeros > 0) least = 0;
    if (m_of == Of::Signed) least = -largest;
    if (least == largest) {  // one magnitude: numpy takes half a unit to each side
        least = std::max(0.0, least - 0.5);
        largest += 0.5;
    }
    m_histogram = {least, largest, std::vector<std::uint64_t>(static_cast<std::size_t>(m_bins)), 0, 0};
    if (m_zeros > 0) addCount(0.0, m_zeros);
    m_zeros = 0;
}

void GrowingHistogram::cover(double largest) {
    if (largest <= m_histogram.hi) return;
    const auto missing = [&] {
        const double steps = (largest - m_histogram.hi) / m_histogram.binWidth();
        return m_of == Of::Signed ? std::floor(steps) + 1 : std::ceil(steps);
    };
    const int ends = m_of == Of::Signed ? 2 : 1;
    while (double(m_histogram.counts.size()) + ends * missing() > double(kMaxBins)) mergePairs();
    const auto more = static_cast<std::int64_t>(missing());
    addZeroBins(m_of == Of::Signed ? more : 0, more);
}

void GrowingHistogram::addZeroBins(std::int64_t below, std::int64_t above) {
    const double width = m_histogram.binWidth();
    auto& counts = m_histogram.counts;
    counts.insert(counts.begin(), static_cast<std::size_t>(below), 0);
    counts.insert(counts.end(), static_cast<std::size_t>(above), 0);
    m_histogram.lo -= double(below) * width;
    m_histogram.hi += double(above) * width;
    if (m_of == Of::Signed) m_histogram.lo = -m_histogram.hi;
}

void GrowingHistogram::mergePairs() {
    auto& counts = m_histogram.counts;
    // Zero must stay on an edge of a signed histogram, so each half needs an even number of bins.
    if (m_of == Of::Signed && counts.size() % 4 != 0) addZeroBins(1, 1);
    if (m_of == Of::Magnitudes && counts.size() % 2 != 0) addZeroBins(0, 1);
    for (std::size_t i = 0; i < counts.size() / 2; ++i) counts[i] = counts[2 * i] + counts[2 * i + 1];
    counts.resize(counts.size() / 2);
}

void GrowingHistogram::addCount(double value, std::uint64_t count) {
    auto& h = m_histogram;
    const auto bin = static_cast<std::int64_t>(std::floor((value - h.lo) / h.binWidth()));
    h.counts[static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, static_cast<std::int64_t>(h.counts.size()) - 1))] += count;
}

void GrowingHistogram::merge(const GrowingHistogram& later) {
    assert(m_of == later.m_of);
    if (!later.m_started) {
        if (m_started) addCount(0.0, later.m_zeros);
        else m_zeros += later.m_zeros;
        return;
    }
    if (!m_started) {
        const std::uint64_t zeros = m_zeros;
        *this = later;
        addCount(0.0, zeros);
        return;
    }
    const Histogram& other = later.m_histogram;
    if (other.lo == m_histogram.lo && other.hi == m_histogram.hi && other.counts.size() == m_histogram.counts.size()) {
        for (std::size_t i = 0; i < other.counts.size(); ++i) m_histogram.counts[i] += other.counts[i];
        return;
    }
    cover(other.hi);
    for (std::size_t i = 0; i < other.counts.size(); ++i)
        if (other.counts[i] > 0) addCount(other.lo + (double(i) + 0.5) * other.binWidth(), other.counts[i]);
}

}  // namespace bitlathe
