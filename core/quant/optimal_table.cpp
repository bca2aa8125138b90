#include "core/quant/optimal_table.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace bitlathe {

namespace {

// Sums over prefixes, about the mean so that little cancels.
class Costs {
public:
    explicit Costs(const WeightedPoints& points)
        : m_weight(points.values.size() + 1), m_first(m_weight.size()), m_second(m_weight.size()) {
        double weight = 0, sum = 0;
        for (std::size_t i = 0; i < points.values.size(); ++i) {
            weight += points.weights[i];
            sum += points.weights[i] * points.values[i];
        }
        m_centre = weight > 0 ? sum / weight : 0;
        for (std::size_t i = 0; i < points.values.size(); ++i) {
            const double w = points.weights[i], v = points.values[i] - m_centre;
            m_weight[i + 1] = m_weight[i] + w;
            m_first[i + 1] = m_first[i] + w * v;
            m_second[i + 1] = m_second[i] + w * v * v;
        }
    }
    // Σ weight · (value − mean)² over points [begin, end).
    double of(std::size_t begin, std::size_t end) const noexcept {
        const double first = m_first[end] - m_first[begin];
        return m_second[end] - m_second[begin] - first * first / (m_weight[end] - m_weight[begin]);
    }
    float mean(std::size_t begin, std::size_t end) const noexcept {
        return float(m_centre + (m_first[end] - m_first[begin]) / (m_weight[end] - m_weight[begin]));
    }

private:
    std::vector<double> m_weight, m_first, m_second;
    double m_centre = 0;
};

// One more part: next[j] = least over i of before[i] + cost(i, j), for j in [lo, hi), where the best i lies in
// [from, to]. best[j] is that i. `parts` parts stand before, so i >= parts.
void addPart(const Costs& costs, const std::vector<double>& before, std::vector<double>& next, std::uint32_t* best, std::size_t lo,
             std::size_t hi, std::size_t from, std::size_t to, const std::stop_token* stop) {
    constexpr std::size_t kMany = 2048;  // candidates times places that are worth a look at the stop
    if (lo >= hi) return;
    if (stop && (hi - lo > kMany || to - from > kMany) && stop->stop_requested()) return;
    const std::size_t j = lo + (hi - lo) / 2;
    double least = std::numeric_limits<double>::infinity();
    std::size_t at = from;
    for (std::size_t i = from, last = std::min(to, j - 1); i <= last; ++i) {
        const double cost = before[i] + costs.of(i, j);
        if (cost < least) least = cost, at = i;
    }
    next[j] = least;
    best[j] = static_cast<std::uint32_t>(at);
    addPart(costs, before, next, best, lo, j, from, at, stop);
    addPart(costs, before, next, best, j + 1, hi, at, to, stop);
}

void append(std::vector<float>& levels, float level) {
    if (levels.empty() || level > levels.back()) levels.push_back(level);
}

}  // namespace

std::vector<float> leastSquaresLevels(const WeightedPoints& points, int k, const std::stop_token* stop) {
    const std::size_t n = points.values.size();
    std::vector<float> levels;
    if (n <= static_cast<std::size_t>(k)) {
        for (const double value : points.values) append(levels, float(value));
        return levels;
    }
    const Costs costs(points);
    const auto parts = static_cast<std::size_t>(k);
    // before[j]: least error of the first j points in the parts so far.
    std::vector<double> before(n + 1), next(n + 1);
    for (std::size_t j = 1; j <= n; ++j) before[j] = costs.of(0, j);
    std::vector<std::uint32_t> best(parts * (n + 1));
    for (std::size_t p = 1; p < parts; ++p) {
        addPart(costs, before, next, best.data() + p * (n + 1), p + 1, n + 1, p, n - 1, stop);
        if (stop && stop->stop_requested()) return levels;
        before.swap(next);
    }
    std::vector<std::size_t> ends = {n};
    for (std::size_t p = parts; p-- > 1;) ends.push_back(best[p * (n + 1) + ends.back()]);
    ends.push_back(0);
    std::reverse(ends.begin(), ends.end());
    for (std::size_t p = 0; p < parts; ++p) append(levels, costs.mean(ends[p], ends[p + 1]));
    return levels;
}

std::vector<float> equalProbabilityLevels(const WeightedPoints& points, int k) {
    double all = 0;
    for (const double weight : points.weights) all += weight;
    std::vector<float> levels;
    double sum = 0, weight = 0, before = 0;  // of the part that is being filled; before it
    const double share = all / k;
    for (std::size_t i = 0; i < points.values.size(); ++i) {
        double rest = points.weights[i];
        while (rest > 0) {
            const double room = share - weight;
            const double part = std::min(rest, room);
            sum += part * points.values[i];
            weight += part;
            rest -= part;
            if (weight < share * (1 - 1e-12)) continue;
            append(levels, float(sum / weight));
            before += weight;
            sum = weight = 0;
            if (all - before <= share * 1e-9) return levels;
        }
    }
    if (weight > share * 1e-9) append(levels, float(sum / weight));
    return levels;
}

}  // namespace bitlathe
