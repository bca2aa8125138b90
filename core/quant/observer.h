// Watches the values of one activation tensor stream by and ends with its range. Memory per tensor, not
// per sample: a few numbers, and for the rules that need one a histogram of at most 256 KiB.
#pragma once

#include "core/quant/aciq.h"
#include "core/quant/activation_range.h"
#include "core/quant/growing_histogram.h"
#include "core/quant/scheme.h"

#include <cstdint>
#include <optional>
#include <span>

namespace bitlathe {

class Workers;
struct RangeChoice;

// The formulas are those of ONNX Runtime's calibrators:
//   MinMax         smallest … largest
//   MovingAverage  a ← (1 − c)·a + c·batch, of each end; the first batch seeds it. One observe() is one batch
//   Percentile     asymmetric: (100 − p)/2 % cut at each end of a 2048-bin histogram over ±max; symmetric: of |x|
//   LeastError     search over the histogram at the spec's bits; see core/quant/least_error.h
//   Entropy        Kullback-Leibler threshold over the histogram; see core/quant/ranges.h
//   Manual         as given
//   Aciq           from running sums, exactly, but for mean|x − μ|, which is that of the histogram's bin centres
//   Adaptive       tries the others over one histogram of 2048 bins, percentiles of |x| for symmetric specs too
// Feed batches in a fixed order: then the result is the same for every number of threads.
class Observer {
public:
    static constexpr int kBins = 2048;

    // keepHistogram: also for rules that need none, so that it can be shown.
    explicit Observer(const ActivationSpec& spec, bool keepHistogram = false);

    void observe(std::span<const float> batch, Workers& workers);
    // Takes over what another observer with the same spec saw after this one. Exact for counts, ends and
    // histograms with equal bins; the moving average up to rounding.
    void merge(const Observer& later);

    ActivationRange result() const;

    // All that it saw, one f(name, member) each: an observer of the same spec that is given these goes on as this
    // one would, to the bit.
    template <class F>
    void fields(F& f) {
        f("min", m_seen.min);
        f("max", m_seen.max);
        f("count", m_seen.count);
        f("not_finite", m_seen.notFinite);
        f("batches", m_seen.batches);
        f("any", m_any);
        f("average_min", m_average.min);
        f("average_max", m_average.max);
        f("first_min", m_firstBatch.min);
        f("first_max", m_firstBatch.max);
        f("averaged", m_averaged);
        if (m_histogram) m_histogram->fields(f);
        if (!m_moments) return;
        f("finite", m_moments->weight);
        f("zeros", m_moments->zeros);
        f("sum", m_moments->sum);
        f("magnitudes", m_moments->magnitudes);
        f("squares", m_moments->squares);
    }

private:
    RangeChoice choose(const RangeRule& rule, const Moments& moments) const;
    struct Ends { double min = 0, max = 0; };
    ActivationSpec m_spec;
    ActivationRange m_seen;  // its range and histogram are filled in result()
    bool m_any = false;      // a finite value was seen
    Ends m_average, m_firstBatch;
    std::int64_t m_averaged = 0;  // batches in m_average
    std::optional<GrowingHistogram> m_histogram;
    std::optional<Moments> m_moments;  // their ends and deviations are filled in result()
};

}  // namespace bitlathe
