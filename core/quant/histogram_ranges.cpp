// Ranges out of histograms, as ONNX Runtime's calibrators compute them.
#include "core/quant/ranges.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

double edge(const Histogram& histogram, std::size_t i) noexcept {
    return histogram.lo + (histogram.hi - histogram.lo) * (double(i) / double(histogram.counts.size()));
}

ValueRange cutTo(double lo, double hi, ValueRange seen) noexcept {
    return {lo < double(seen.lo) ? seen.lo : float(lo), hi > double(seen.hi) ? seen.hi : float(hi)};
}

// The first bin at which the cumulated share reaches `share`; bins when none does.
std::size_t reaches(const Histogram& histogram, double share) noexcept {
    double total = 0;
    for (const auto count : histogram.counts) total += double(count);
    double sum = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        sum += double(histogram.counts[i]) / total;
        if (sum >= share) return i;
    }
    return histogram.counts.size();
}

bool isEmpty(const Histogram& histogram) noexcept {
    return std::all_of(histogram.counts.begin(), histogram.counts.end(), [](std::uint64_t c) { return c == 0; });
}

}  // namespace

ValueRange percentileRange(const Histogram& histogram, double percent, ValueRange seen) {
    if (isEmpty(histogram)) return seen;
    const double cut = (100.0 - percent) / 200.0;
    return cutTo(edge(histogram, reaches(histogram, cut)), edge(histogram, reaches(histogram, 1.0 - cut)), seen);
}

ValueRange absolutePercentileRange(const Histogram& histogram, double percent, ValueRange seen) {
    if (isEmpty(histogram)) return seen;
    const double limit = edge(histogram, reaches(histogram, percent / 100.0));
    return cutTo(-limit, limit, seen);
}

}  // namespace bitlathe
