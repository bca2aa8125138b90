// Ranges out of histograms, as ONNX Runtime's calibrators compute them.
#include "core/quant/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
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

// The divergence is computed in float32 with numpy's order of additions, as the reference does: its
// minima lie so close together that double arithmetic sometimes picks another window.

constexpr double kSmoothing = 1e-4;
constexpr std::size_t kMostWindows = 2048;

// numpy's pairwise sum.
float pairwiseSum(const float* x, std::size_t count) noexcept {
    if (count < 8) {
        float sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += x[i];
        return sum;
    }
    if (count <= 128) {
        float part[8];
        std::copy_n(x, 8, part);
        std::size_t i = 8;
        for (; i < count - count % 8; i += 8)
            for (std::size_t j = 0; j < 8; ++j) part[j] += x[i + j];
        float sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
        for (; i < count; ++i) sum += x[i];
        return sum;
    }
    const std::size_t half = count / 2 - count / 2 % 8;
    return pairwiseSum(x, half) + pairwiseSum(x + half, count - half);
}

// Moves a little mass to the empty bins; false when there is none to move.
bool smooth(std::vector<float>& p) noexcept {
    const auto zeros = double(std::count(p.begin(), p.end(), 0.0f));
    const double filled = double(p.size()) - zeros;
    if (filled == 0) return false;
    const double taken = kSmoothing * zeros / filled;
    for (float& v : p) v += v == 0 ? float(kSmoothing) : float(-taken);
    return taken < 1.0;
}

// Kullback-Leibler divergence of p from q after normalisation; p becomes scratch.
float divergence(std::vector<float>& p, const std::vector<float>& q) noexcept {
    const float sumP = pairwiseSum(p.data(), p.size()), sumQ = pairwiseSum(q.data(), q.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double a = double(p[i] / sumP), b = double(q[i] / sumQ);
        p[i] = float(a * std::log(a / b));
    }
    return pairwiseSum(p.data(), p.size());
}

// The window merged into `levels` groups and spread again: each bin of a group gets the group's count
// over the number of its filled bins, and the bins after the last whole group get 0. Counts stay whole
// numbers and empty bins get their share too, as in the reference.
void spread(const std::vector<float>& p, std::span<const std::uint64_t> window, std::size_t levels, std::vector<float>& q) {
    q.assign(window.size(), 0.0f);
    const std::size_t merged = window.size() / levels;
    for (std::size_t level = 0; level < levels; ++level) {
        const std::size_t begin = level * merged, end = begin + merged;
        double sum = 0, filled = 0;
        for (std::size_t i = begin; i < end; ++i) sum += double(window[i]), filled += p[i] != 0;
        if (level == levels - 1)
            for (std::size_t i = end; i < window.size(); ++i) sum += double(window[i]);
        if (filled > 0) std::fill(q.begin() + std::ptrdiff_t(begin), q.begin() + std::ptrdiff_t(end), float(std::trunc(sum / filled)));
    }
}

}  // namespace

ValueRange entropyRange(const Histogram& histogram, int quantizedBins, ValueRange seen) {
    const std::size_t bins = histogram.counts.size(), middle = bins / 2;
    if (isEmpty(histogram) || bins < std::size_t(quantizedBins)) return seen;
    const std::size_t levels = std::size_t(quantizedBins), first = std::max<std::size_t>(levels / 2, 1);
    const std::size_t stride = std::max<std::size_t>(1, (middle - first) / kMostWindows);
    float least = std::numeric_limits<float>::infinity();
    std::size_t bestBegin = 0, bestEnd = bins;
    bool found = false;
    std::vector<float> p, q;
    for (std::size_t half = first; half <= middle; half += stride) {
        const std::size_t begin = middle - half, end = std::min(middle + half + 1, bins);
        const auto window = std::span(histogram.counts).subspan(begin, end - begin);
        if (window.size() < levels) continue;
        p.assign(window.begin(), window.end());
        const auto outside = [&](std::size_t from, std::size_t to) {
            return double(std::accumulate(histogram.counts.begin() + std::ptrdiff_t(from), histogram.counts.begin() + std::ptrdiff_t(to), std::uint64_t{0}));
        };
        p.front() = float(double(window.front()) + outside(0, begin));
        p.back() = float(double(window.back()) + outside(end, bins));
        spread(p, window, levels, q);
        const float kl = smooth(p) && smooth(q) ? divergence(p, q) : std::numeric_limits<float>::infinity();
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
    const double cut = (100.0 - percent) / 200.0;
    return cutTo(edge(histogram, reaches(histogram, cut)), edge(histogram, reaches(histogram, 1.0 - cut)), seen);
}

ValueRange absolutePercentileRange(const Histogram& histogram, double percent, ValueRange seen) {
    if (isEmpty(histogram)) return seen;
    const double limit = edge(histogram, reaches(histogram, percent / 100.0));
    return cutTo(-limit, limit, seen);
}

}  // namespace bitlathe
