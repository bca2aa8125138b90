#include "core/quant/histogram.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

void addOutside(Histogram& histogram, double v) noexcept {
    if (v < histogram.lo)
        histogram.below += std::isfinite(v);
    else if (v > histogram.hi)
        histogram.above += std::isfinite(v);
    else if (v == v)  // the upper end itself, or an axis of no width
        ++(histogram.lo == histogram.hi ? histogram.counts.front() : histogram.counts.back());
}

// Neighbouring values often fall into one bin; two tables taken in turns spare the wait for the last
// increment.
template <class Count, class Of>
void addAll(Histogram& histogram, Count* even, Count* odd, std::span<const float> x, Of of) noexcept {
    const auto bins = double(histogram.counts.size());
    const double lo = histogram.lo, perUnit = histogram.hi > lo ? bins / (histogram.hi - lo) : 0.0;
    const double end = perUnit > 0 ? bins : 0.0;
    const auto one = [&](Count* counts, float value) {
        const double v = of(double(value)), at = (v - lo) * perUnit;
        if (at >= 0 && at < end)
            ++counts[static_cast<std::size_t>(at)];
        else
            addOutside(histogram, v);
    };
    std::size_t i = 0;
    for (; i + 1 < x.size(); i += 2) {
        one(even, x[i]);
        one(odd, x[i + 1]);
    }
    if (i < x.size()) one(even, x[i]);
}

template <class Of>
void addAll(Histogram& histogram, std::span<const float> x, Of of) noexcept {
    constexpr std::size_t kMost = 4096;
    const std::size_t bins = histogram.counts.size();
    if (bins == 0) return;
    if (bins > kMost || x.size() < 4 * bins) return addAll(histogram, histogram.counts.data(), histogram.counts.data(), x, of);
    std::uint32_t even[kMost], odd[kMost];
    constexpr std::size_t kRun = std::size_t{1} << 31;  // a 32-bit count cannot overflow
    for (std::size_t at = 0; at < x.size(); at += kRun) {
        std::fill_n(even, bins, 0u);
        std::fill_n(odd, bins, 0u);
        addAll(histogram, even, odd, x.subspan(at, std::min(kRun, x.size() - at)), of);
        for (std::size_t i = 0; i < bins; ++i) histogram.counts[i] += std::uint64_t(even[i]) + odd[i];
    }
}

}  // namespace

void addTo(Histogram& histogram, std::span<const float> x) noexcept {
    addAll(histogram, x, [](double v) { return v; });
}

void addMagnitudesTo(Histogram& histogram, std::span<const float> x) noexcept {
    addAll(histogram, x, [](double v) { return std::fabs(v); });
}

}  // namespace bitlathe
