// A histogram's axis for the passes of core/kernels, whose bins are half open: the upper end moves up by an ulp or
// two, so that the axis holds it. Private to the analysis.
#pragma once

#include "core/kernels/weight_pass.h"
#include "core/quant/histogram.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace bitlathe {

class PassBins {
public:
    explicit PassBins(const Histogram& axis) : m_counts(axis.counts.size() + 2) {
        m_bins.low = below(axis.lo);
        m_bins.high = std::nextafter(-below(-axis.hi), std::numeric_limits<float>::infinity());
        m_bins.count = static_cast<int>(axis.counts.size());
        m_bins.counts = m_counts.data();
    }
    PassBins(const PassBins&) = delete;
    PassBins& operator=(const PassBins&) = delete;
    const Bins& bins() const noexcept { return m_bins; }
    void addTo(Histogram& histogram) const {
        histogram.below += static_cast<std::uint64_t>(m_counts.front());
        histogram.above += static_cast<std::uint64_t>(m_counts.back());
        for (std::size_t i = 0; i < histogram.counts.size(); ++i) histogram.counts[i] += static_cast<std::uint64_t>(m_counts[i + 1]);
    }

private:
    static float below(double v) noexcept {  // the largest float <= v
        const float f = float(v);
        return double(f) > v ? std::nextafter(f, -std::numeric_limits<float>::infinity()) : f;
    }
    std::vector<std::int64_t> m_counts;
    Bins m_bins;
};

}  // namespace bitlathe
