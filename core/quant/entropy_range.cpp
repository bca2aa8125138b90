// ONNX Runtime's entropy threshold, window by window. The divergence is computed in float32 with numpy's order
// of additions, as the reference does: its minima lie so close together that double arithmetic sometimes picks
// another window. That is slow, so every window is first estimated in double from sums over prefixes, and only
// those whose estimate could be the least are computed.
#include "core/quant/ranges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace bitlathe {

namespace {

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

// What the reference's divergence may differ from the estimate, times (1 + divergence): float32 terms and sums.
constexpr double kMargin = 2e-5;
// Above this much mass taken from a bin the series of the estimate are too short.
constexpr double kMostTaken = 0.02;
constexpr double kUnknown = -1;  // the estimate of such a window

double edge(const Histogram& histogram, std::size_t i) noexcept {
    return histogram.lo + (histogram.hi - histogram.lo) * (double(i) / double(histogram.counts.size()));
}

struct Logarithm {
    double log = 0, inverse = 0;  // of a whole number above 0
};
constexpr std::size_t kKnown = 1024;
const std::array<Logarithm, kKnown>& knownLogarithms() noexcept {
    static const std::array<Logarithm, kKnown> known = [] {
        std::array<Logarithm, kKnown> logs{};
        for (std::size_t i = 1; i < kKnown; ++i) logs[i] = {std::log(double(i)), 1 / double(i)};
        return logs;
    }();
    return known;
}

struct Window {
    std::size_t begin = 0, end = 0;
};

// The reference's divergence of one window.
class Exact {
public:
    Exact(const Histogram& histogram, std::size_t levels) : m_counts(histogram.counts), m_levels(levels) {}
    float operator()(Window w) {
        const auto window = m_counts.subspan(w.begin, w.end - w.begin);
        m_p.assign(window.begin(), window.end());
        const auto outside = [&](std::size_t from, std::size_t to) {
            return double(std::accumulate(m_counts.begin() + std::ptrdiff_t(from), m_counts.begin() + std::ptrdiff_t(to), std::uint64_t{0}));
        };
        m_p.front() = float(double(window.front()) + outside(0, w.begin));
        m_p.back() = float(double(window.back()) + outside(w.end, m_counts.size()));
        spread(m_p, window, m_levels, m_q);
        return smooth(m_p) && smooth(m_q) ? divergence(m_p, m_q) : std::numeric_limits<float>::infinity();
    }

private:
    std::span<const std::uint64_t> m_counts;
    std::size_t m_levels;
    std::vector<float> m_p, m_q;
};

// The same in double: Σ p·log p from sums over prefixes, Σ p·log q from one term for each level.
class Estimate {
public:
    Estimate(const Histogram& histogram, std::size_t levels)
        : m_counts(histogram.counts), m_levels(levels), m_before(m_counts.size() + 1), m_short(m_before.size()), m_spread(levels) {
        for (std::size_t i = 0; i < m_counts.size(); ++i) {
            m_before[i + 1] = m_before[i];
            add(m_before[i + 1], m_counts[i], 1);
            m_short[i + 1] = {m_before[i + 1].count, m_before[i + 1].filled};
        }
    }
    // Infinite where the reference's is; kUnknown where it must be computed.
    double operator()(Window w) {
        const std::size_t size = w.end - w.begin;
        const std::uint64_t total = m_before.back().count;
        Sums p = m_before[w.end] - m_before[w.begin];
        // The tails lie in the end bins.
        const std::uint64_t low = m_before[w.begin].count, high = total - m_before[w.end].count;
        for (const auto& [count, tail] : {std::pair{m_counts[w.begin], low}, std::pair{m_counts[w.end - 1], high}}) {
            if (tail == 0) continue;
            add(p, count, -1);
            add(p, count + tail, 1);
        }
        const double taken = kSmoothing * double(size - p.filled) / double(p.filled);
        if (!(taken < 1)) return std::numeric_limits<double>::infinity();
        const std::size_t merged = size / m_levels;
        std::size_t filledLevels = 0, at = w.begin;
        std::uint64_t values = 0;
        const double emptyBins = kSmoothing * double(merged), perFilled = taken + kSmoothing;
        Before before = m_short[at];
        for (std::size_t level = 0; level < m_levels; ++level) {
            at += merged;
            const Before after = m_short[at];
            std::uint64_t filled = after.filled - before.filled, sum = after.count - before.count, mass = sum;
            before = after;
            if (level == 0 && low > 0) filled += m_counts[w.begin] == 0, mass += low;
            if (at == w.end && high > 0) filled += m_counts[w.end - 1] == 0, mass += high;
            if (level == m_levels - 1) sum += m_short[w.end].count - after.count;
            // As the reference divides: counts below 2^53 give the whole number that integers would.
            const std::uint64_t value = filled <= 1 ? (filled == 1 ? sum : 0) : static_cast<std::uint64_t>(double(sum) / double(filled));
            m_spread[level] = {value, double(mass) + emptyBins - perFilled * double(filled)};
            filledLevels += value > 0;
            values += value;
        }
        const std::size_t filledQ = filledLevels * merged;
        const double massQ = double(values) * double(merged);
        if (filledQ == 0) return std::numeric_limits<double>::infinity();
        const double takenQ = kSmoothing * double(size - filledQ) / double(filledQ);
        if (!(takenQ < 1)) return std::numeric_limits<double>::infinity();
        if (taken > kMostTaken || takenQ > kMostTaken) return kUnknown;
        static const double logSmoothing = std::log(kSmoothing);
        const auto empty = double(size - p.filled);
        const double pLogP = p.cLogC - taken * p.logC1 + taken * taken * (p.inverse + taken * p.inverse2) + empty * kSmoothing * logSmoothing;
        double pLogQ = 0, masses = 0;
        for (const Level& level : m_spread) {
            masses += level.mass;
            if (level.value == 0) {
                pLogQ += level.mass * logSmoothing;
                continue;
            }
            const Logarithm log = logarithmOf(level.value);
            const double part = takenQ * log.inverse;
            pLogQ += level.mass * (log.log - part * (1 + part * (0.5 + part * (1.0 / 3))));
        }
        pLogQ += (double(total) - masses) * logSmoothing;  // what lies behind the last whole level
        return (pLogP - pLogQ) / double(total) + std::log(massQ / double(total));
    }

private:
    struct Sums {
        std::uint64_t count = 0, filled = 0;
        double cLogC = 0, logC1 = 0, inverse = 0, inverse2 = 0;  // Σ c·log c, log c + 1, 1/2c, 1/6c²
        Sums operator-(const Sums& o) const noexcept {
            return {count - o.count, filled - o.filled, cLogC - o.cLogC, logC1 - o.logC1, inverse - o.inverse, inverse2 - o.inverse2};
        }
    };
    struct Before {
        std::uint64_t count = 0, filled = 0;
    };
    Logarithm logarithmOf(std::uint64_t whole) const noexcept {
        return whole < kKnown ? m_known[whole] : Logarithm{std::log(double(whole)), 1 / double(whole)};
    }
    struct Level {
        std::uint64_t value = 0;  // of q
        double mass = 0;          // of p
    };
    void add(Sums& sums, std::uint64_t count, int sign) const noexcept {
        if (count == 0) return;
        const double c = double(count);
        const auto [log, inverse] = logarithmOf(count);
        sums.count += sign > 0 ? count : std::uint64_t{0} - count;
        sums.filled += sign > 0 ? 1 : std::uint64_t(-1);
        sums.cLogC += sign * c * log;
        sums.logC1 += sign * (log + 1);
        sums.inverse += sign * inverse / 2;
        sums.inverse2 += sign * inverse * inverse / 6;
    }
    std::span<const std::uint64_t> m_counts;
    std::size_t m_levels;
    std::vector<Sums> m_before;   // over all bins before one
    std::vector<Before> m_short;  // what every level needs of it
    const std::array<Logarithm, kKnown>& m_known = knownLogarithms();
    std::vector<Level> m_spread;
};

}  // namespace

ValueRange entropyRange(const Histogram& histogram, int quantizedBins, ValueRange seen) {
    const std::size_t bins = histogram.counts.size(), middle = bins / 2;
    const bool isEmpty = std::all_of(histogram.counts.begin(), histogram.counts.end(), [](std::uint64_t c) { return c == 0; });
    if (isEmpty || bins < std::size_t(quantizedBins)) return seen;
    const std::size_t levels = std::size_t(quantizedBins), first = std::max<std::size_t>(levels / 2, 1);
    const std::size_t stride = std::max<std::size_t>(1, (middle - first) / kMostWindows);
    std::vector<Window> windows;
    std::vector<double> estimates;
    Estimate estimate(histogram, levels);
    double lowest = std::numeric_limits<double>::infinity();
    for (std::size_t half = first; half <= middle; half += stride) {
        const Window window{middle - half, std::min(middle + half + 1, bins)};
        if (window.end - window.begin < levels) continue;
        windows.push_back(window);
        estimates.push_back(estimate(window));
        if (estimates.back() != kUnknown) lowest = std::min(lowest, estimates.back());
    }
    Exact exact(histogram, levels);
    float least = std::numeric_limits<float>::infinity();
    Window best{0, bins};
    bool found = false;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const bool maybe = estimates[i] == kUnknown || estimates[i] <= lowest + kMargin * (1 + lowest) + kMargin * (1 + std::fabs(estimates[i]));
        if (!maybe && std::isfinite(lowest)) continue;
        const float kl = exact(windows[i]);
        if (!found || kl < least) {
            found = true;
            least = kl;
            best = windows[i];
        }
    }
    const double lo = edge(histogram, best.begin), hi = edge(histogram, best.end);
    return {lo < double(seen.lo) ? seen.lo : float(lo), hi > double(seen.hi) ? seen.hi : float(hi)};
}

}  // namespace bitlathe
