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

struct Bins {
    std::vector<double> sums, weights;
    Bins() : sums(std::size_t{1} << kKeyBits), weights(sums.size()) {}
    void add(std::span<const float> x, std::span<const float> importance) noexcept {
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (!(x[i] - x[i] == 0.0f)) continue;
            const double weight = importance.empty() ? 1.0 : double(importance[i]);
            const std::size_t key = orderedBits(x[i]) >> (32 - kKeyBits);
            sums[key] += weight * double(x[i]);
            weights[key] += weight;
        }
    }
    void add(const Bins& later) noexcept {
        for (std::size_t key = 0; key < sums.size(); ++key) sums[key] += later.sums[key], weights[key] += later.weights[key];
    }
    void clear() noexcept {
        std::fill(sums.begin(), sums.end(), 0.0);
        std::fill(weights.begin(), weights.end(), 0.0);
    }
    WeightedPoints points() const {
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
};

bool weighs(std::span<const float> importance) noexcept {
    return std::any_of(importance.begin(), importance.end(), [](float w) { return w > 0; });
}

}  // namespace

WeightedPoints weightedPoints(std::span<const float> x, std::span<const float> importance) {
    const bool weigh = weighs(importance);
    if (x.size() <= kExactPoints) return sorted(x, importance, weigh);
    Bins bins;
    bins.add(x, weigh ? importance : std::span<const float>());
    return bins.points();
}

WeightedPoints weightedPoints(std::span<const float> x, std::span<const float> importance, const ForChunks& forChunks) {
    constexpr std::int64_t kAtOnce = 4;
    if (x.size() <= kExactPoints) return weightedPoints(x, importance);
    if (!weighs(importance)) importance = {};
    const auto chunks = chunksOf(static_cast<std::int64_t>(x.size()));
    Bins all;
    std::vector<Bins> parts(static_cast<std::size_t>(std::min(chunks, kAtOnce)));
    for (std::int64_t first = 0; first < chunks; first += kAtOnce) {
        const std::int64_t count = std::min(kAtOnce, chunks - first);
        forChunks(count, [&](std::int64_t i) {
            const auto begin = static_cast<std::size_t>((first + i) * kChunkValues), length = std::min<std::size_t>(kChunkValues, x.size() - begin);
            Bins& part = parts[static_cast<std::size_t>(i)];
            part.clear();
            part.add(x.subspan(begin, length), importance.empty() ? importance : importance.subspan(begin, length));
        });
        for (std::int64_t i = 0; i < count; ++i) all.add(parts[static_cast<std::size_t>(i)]);
    }
    return all.points();
}

}  // namespace bitlathe
