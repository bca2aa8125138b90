// A histogram of values that stream by, whose range grows with them: the collector of ONNX Runtime's
// calibrators (calibrate.py, HistogramCollector), with a bound on its memory.
#pragma once

#include "core/quant/histogram.h"

#include <cstdint>
#include <span>

namespace bitlathe {

class Workers;

// Signed: bins over ±T, T the largest magnitude of the first batch; a later batch with larger ones adds
// the same number of bins of the old width at both ends. Magnitudes: bins of |x| from the first batch's
// smallest to its largest magnitude; larger ones add bins above. Values below a magnitude histogram's
// first edge are counted in its first bin.
//
// Bins are merged in pairs whenever more than kMaxBins were needed; the reference grows without bound.
class GrowingHistogram {
public:
    enum class Of { Signed, Magnitudes };
    static constexpr std::int64_t kMaxBins = 1 << 15;  // 256 KiB of counts

    // bins: of the first batch; even, 2 … kMaxBins.
    GrowingHistogram(Of of, int bins);

    // One batch; NaN and infinities are passed over. Counts do not depend on the number of threads.
    void add(std::span<const float> batch, Workers& workers);
    // Adds another's counts, exactly where the bins coincide and by bin centres elsewhere.
    void merge(const GrowingHistogram& later);

    const Histogram& histogram() const noexcept { return m_histogram; }
    bool operator==(const GrowingHistogram&) const = default;

    // All that it is, one f(name, member) each, for keeping an unfinished one and taking it up again.
    template <class F>
    void fields(F& f) {
        f("histogram_started", m_started);
        f("histogram_zeros", m_zeros);
        f("histogram_low", m_histogram.lo);
        f("histogram_high", m_histogram.hi);
        f("histogram_counts", m_histogram.counts);
    }

private:
    void start(double least, double largest);
    void cover(double largest);
    void addZeroBins(std::int64_t below, std::int64_t above);
    void mergePairs();
    void addCount(double value, std::uint64_t count);

    Of m_of;
    std::int64_t m_bins;
    bool m_started = false;
    std::uint64_t m_zeros = 0;  // seen before any other value gave the range
    Histogram m_histogram;
};

}  // namespace bitlathe
