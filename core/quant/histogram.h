// Counts over equal bins: what observers collect and plots draw. Knows neither.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

// Counts over equal bins of [lo, hi]; what lies outside is counted apart. A value on an inner edge
// belongs to the bin above it, the value hi to the last bin.
struct Histogram {
    double lo = 0, hi = 0;
    std::vector<std::uint64_t> counts;
    std::uint64_t below = 0, above = 0;
    double binWidth() const noexcept { return counts.empty() ? 0 : (hi - lo) / static_cast<double>(counts.size()); }
    bool operator==(const Histogram&) const = default;
};

// Counts finite values into the bins, below and above; NaN and infinities are passed over. With lo = hi,
// values equal to it go to the first bin.
void addTo(Histogram& histogram, std::span<const float> x) noexcept;
void addMagnitudesTo(Histogram& histogram, std::span<const float> x) noexcept;  // the same for |x|

}  // namespace bitlathe
