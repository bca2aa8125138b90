// Ranges out of histograms, as ONNX Runtime's calibrators compute them.
#include "core/quant/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

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

constexpr double kSmoothing = 1e-4;

// Moves a little mass to the empty bins; false when there is nothing to move.
bool smooth(std::vector<double>& p) noexcept {
    const auto zeros = double(std::count(p.begin(), p.end(), 0.0));
    const double filled = double(p.size()) - zeros;
    if (filled == 0) return false;
    const double taken = kSmoothing * zeros / filled;
    for (double& v : p) v = v == 0 ? kSmoothing : v - taken;
    return taken < 1.0;
}

double divergence(const std::vector<double>& p, const std::vector<double>& q) noexcept {
    double sumP = 0, sumQ = 0, kl = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sumP += p[i], sumQ += q[i];
    for (std::size_t i = 0; i < p.size(); ++i) kl += p[i] / sumP * std::log((p[i] / sumP) / (q[i] / sumQ));
    return kl;
}

// The window merged into `levels` groups and spread again over its filled bins; counts stay whole
// numbers, as the reference keeps them in an integer array.
void spread(const std::vector<double>& p, std::span<const std::uint64_t> window, int levels, std::vector<double>& q) {
    q.assign(window.size(), 0.0);
    const std::size_t merged = window.size() / std::size_t(levels);
    for (int level = 0; level < levels; ++level) {
        const std::size_t begin = std::size_t(level) * merged, end = begin + merged;
        double sum = 0, filled = 0;
        for (std::size_t i = begin; i < end; ++i) sum += double(window[i]), filled += p[i] != 0;
        if (level == levels - 1)
            for (std::size_t i = end; i < window.size(); ++i) sum += double(window[i]);
        if (filled == 0) continue;
        const double share = std::trunc(sum / filled);
        for (std::size_t i = begin; i < end; ++i)
            if (p[i] != 0) q[i] = share;
    }
}

}  // namespace

ValueRange entropyRange(const Histogram& histogram, int quantizedBins, ValueRange seen) {
    const std::size_t bins = histogram.counts.size(), middle = bins / 2;
    if (isEmpty(histogram) || bins < std::size_t(quantizedBins)) return seen;
    double least = std::numeric_limits<double>::infinity();
    std::size_t bestBegin = 0, bestEnd = bins;
    bool found = false;
    std::vector<double> p, q;
    for (std::size_t half = std::size_t(quantizedBins) / 2; half <= middle; ++half) {
        const std::size_t begin = middle - half, end = std::min(middle + half + 1, bins);
        const auto window = std::span(histogram.counts).subspan(begin, end - begin);
        if (window.size() < std::size_t(quantizedBins)) continue;
        p.assign(window.begin(), window.end());
        for (std::size_t i = 0; i < begin; ++i) p.front() += double(histogram.counts[i]);
        for (std::size_t i = end; i < bins; ++i) p.back() += double(histogram.counts[i]);
        spread(p, window, quantizedBins, q);
        const double kl = smooth(p) && smooth(q) ? divergence(p, q) : std::numeric_limits<double>::infinity();
        if (!found || kl < least) {
            found = true;
            least = kl;
            bestBegin = begin;
            bestEnd = end;
        }
    }
    return cutTo(edge(histogram, bestBegin), edge(histogram, bestEnd), seen);
}

ValueRange percentileRange(const Histogram& histogram, double percent, ValueRange seen) {
    if (isEmpty(histogram)) return seen;
    const double cut = (1.0 - percent / 100.0) / 2.0;
    return cutTo(edge(histogram, reaches(histogram, cut)), edge(histogram, reaches(histogram, 1.0 - cut)), seen);
}

ValueRange absolutePercentileRange(const Histogram& histogram, double percent, ValueRange seen) {
    if (isEmpty(histogram)) return seen;
    const double limit = edge(histogram, reaches(histogram, percent / 100.0));
    return cutTo(-limit, limit, seen);
}

}  // namespace bitlathe
