#include "core/quant/histogram.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

template <class Of>
void addAll(Histogram& histogram, std::span<const float> x, Of of) noexcept {
    const auto bins = static_cast<std::int64_t>(histogram.counts.size());
    if (bins == 0) return;
    const double lo = histogram.lo, hi = histogram.hi;
    const double perUnit = hi > lo ? double(bins) / (hi - lo) : 0.0;
    for (const float value : x) {
        const double v = of(double(value));
        if (v < lo) {
            if (std::isfinite(v)) ++histogram.below;
        } else if (v > hi) {
            if (std::isfinite(v)) ++histogram.above;
        } else if (v == v) {
            const auto bin = static_cast<std::int64_t>((v - lo) * perUnit);
            ++histogram.counts[static_cast<std::size_t>(std::min(bin, bins - 1))];
        }
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
