#include "core/quant/adaptive_range.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace bitlathe {

namespace {
const std::array<RangeRule, 9>& candidates() noexcept {
    static const std::array<RangeRule, 9> rules = {MinMax{},      Percentile{99.99}, Percentile{99.9},             Percentile{99.0},           LeastError{2.0},
                                                   LeastError{2.4}, Entropy{},       Aciq{Aciq::Shape::Gaussian}, Aciq{Aciq::Shape::Laplace}};
    return rules;
}
constexpr std::size_t kMostNamed = 4;
}  // namespace

std::span<const RangeRule> rangeCandidates() noexcept { return candidates(); }

std::uint8_t candidateOf(Aciq::Shape shape) noexcept {
    const auto& rules = candidates();
    return static_cast<std::uint8_t>(std::find(rules.begin(), rules.end(), RangeRule(Aciq{shape})) - rules.begin());
}

RangeChoice bestRange(const RangePoints& points, const QuantSpec& spec, Adaptive::Metric metric, Isa isa,
                      const std::function<ValueRange(const RangeRule&)>& rangeOf) {
    RangeTrial trial(points, spec, isa);
    RangeChoice best;
    double least = std::numeric_limits<double>::infinity();
    std::vector<ValueRange> tried;
    for (const RangeRule& rule : rangeCandidates()) {
        const ValueRange range = rangeOf(rule);
        if (std::find(tried.begin(), tried.end(), range) != tried.end()) continue;
        tried.push_back(range);
        const double figure = points.values.empty() ? 0 : trial.figure(range, metric);
        if (best.taken != RangeChoice::kNone && !(figure < least)) continue;
        least = figure;
        best = {range, static_cast<std::uint8_t>(&rule - rangeCandidates().data())};
    }
    return best;
}

std::string takenText(std::span<const std::uint8_t> taken, const std::string& unit) {
    const auto rules = rangeCandidates();
    std::vector<std::size_t> counts(rules.size()), order(rules.size());
    for (const std::uint8_t rule : taken)
        if (rule < counts.size()) ++counts[rule];
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
    std::string text;
    std::size_t named = 0, others = 0;
    for (const std::size_t rule : order) {
        if (counts[rule] == 0) continue;
        if (counts[rule] == taken.size()) return rangeText(rules[rule]) + (taken.size() == 1 ? "" : " on all " + std::to_string(taken.size()) + " " + unit);
        if (named++ >= kMostNamed) {
            others += counts[rule];
            continue;
        }
        text += (text.empty() ? "" : "; ") + rangeText(rules[rule]) + " on " + std::to_string(counts[rule]) + (text.empty() ? " of " + std::to_string(taken.size()) + " " + unit : "");
    }
    if (others > 0) text += "; others on " + std::to_string(others);
    return text;
}

}  // namespace bitlathe
