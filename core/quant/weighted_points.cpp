#include "core/quant/weighted_points.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

namespace bitlathe {

namespace {

constexpr int kKeyBits = 18;  // sign, 8 bits of exponent, 9 of mantissa

// Ascends with the value.
std::uint32_t orderedBits(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
}

WeightedPoints sorted(std::span<const float> x, std::span<const float> importance, bool weigh) {
    std::vector<std::pair<float, double>> all;
    all.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double weight = weigh ? double(importance[i]) : 1.0;
        if (std::isfinite(x[i]) && weight > 0) all.emplace_back(x[i], weight);
    }
    std::sort(all.begin(), all.end());
    WeightedPoints points;
    for (const auto& [value, weight] : all) {
        if (!points.values.empty() && points.values.back() == double(value)) {
            points.weights.back() += weight;
            continue;
        }
        points.values.push_back(double(value));
        points.weights.push_back(weight);
    }
    return points;
}

WeightedPoints binned(std::span<const float> x, std::span<const float> importance, bool weigh) {
    std::vector<double> sums(std::size_t{1} << kKeyBits), weights(sums.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!std::isfinite(x[i])) continue;
        const double weight = weigh ? double(importance[i]) : 1.0;
        const std::size_t key = orderedBits(x[i]) >> (32 - kKeyBits);
        sums[key] += weight * double(x[i]);
        weights[key] += weight;
    }
    WeightedPoints points;
    for (std::size_t key = 0; key < sums.size(); ++key) {
        if (!(weights[key] > 0)) continue;
        const double mean = sums[key] / weights[key];
        if (!points.values.empty() && !(mean > points.values.back())) {  // the bins of 0 and −0
            points.weights.back() += weights[key];
            continue;
        }
        points.values.push_back(mean);
        points.weights.push_back(weights[key]);
    }
    return points;
}

}  // namespace

WeightedPoints weightedPoints(std::span<const float> x, std::span<const float> importance) {
    const bool weigh = std::any_of(importance.begin(), importance.end(), [](float w) { return w > 0; });
    return x.size() <= kExactPoints ? sorted(x, importance, weigh) : binned(x, importance, weigh);
}

}  // namespace bitlathe
