#include "core/quant/range_points.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace bitlathe {

namespace {

struct Binned {
    std::vector<double> sums, weights;
};

template <bool Weighted>
void addToBins(Binned& to, std::span<const float> x, std::span<const float> importance, double lo, double perUnit) {
    const std::size_t last = to.sums.size() - 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float v = x[i];
        if (!(v - v == 0.0f)) continue;
        const auto bin = std::min(static_cast<std::size_t>((double(v) - lo) * perUnit), last);
        const double weight = Weighted ? double(importance[i]) : 1.0;
        to.sums[bin] += weight * double(v);
        to.weights[bin] += weight;
    }
}

Binned binned(std::span<const float> x, std::span<const float> importance, ValueRange full, std::size_t bins, const ForChunks& forChunks) {
    const double lo = double(full.lo), perUnit = double(bins) / (double(full.hi) - lo);
    const auto count = static_cast<std::int64_t>(x.size());
    std::vector<Binned> parts(static_cast<std::size_t>(chunksOf(count)));
    forChunks(chunksOf(count), [&](std::int64_t chunk) {
        Binned& part = parts[static_cast<std::size_t>(chunk)];
        part.sums.assign(bins, 0);
        part.weights.assign(bins, 0);
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues), length = std::min<std::size_t>(kChunkValues, x.size() - begin);
        if (importance.empty()) addToBins<false>(part, x.subspan(begin, length), {}, lo, perUnit);
        else addToBins<true>(part, x.subspan(begin, length), importance.subspan(begin, length), lo, perUnit);
    });
    if (parts.size() == 1) return std::move(parts.front());
    Binned all{std::vector<double>(bins), std::vector<double>(bins)};
    for (const Binned& part : parts)
        for (std::size_t i = 0; i < part.sums.size(); ++i) {
            all.sums[i] += part.sums[i];
            all.weights[i] += part.weights[i];
        }
    return all;
}

}  // namespace

RangePoints rangePoints(std::span<const float> x, std::span<const float> importance, ValueRange full, std::size_t bins, const ForChunks& forChunks) {
    RangePoints points;
    points.full = full;
    if (!std::any_of(importance.begin(), importance.end(), [](float w) { return w > 0; })) importance = {};
    if (x.size() <= bins) {
        points.values.reserve(x.size());
        if (!importance.empty()) points.weights.reserve(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (!(x[i] - x[i] == 0.0f)) continue;
            points.values.push_back(x[i]);
            if (!importance.empty()) points.weights.push_back(importance[i]);
        }
        return points;
    }
    points.ascending = true;
    const Binned all = binned(x, importance, full, bins, forChunks);
    points.values.reserve(bins);
    points.weights.reserve(bins);
    for (std::size_t i = 0; i < bins; ++i)
        if (all.weights[i] > 0) {
            points.values.push_back(float(all.sums[i] / all.weights[i]));
            points.weights.push_back(float(all.weights[i]));
        }
    return points;
}

RangePoints rangePoints(const Histogram& histogram, ValueRange seen) {
    RangePoints points;
    points.full = {std::min(seen.lo, 0.0f), std::max(seen.hi, 0.0f)};
    points.ascending = true;
    const double width = histogram.binWidth();
    for (std::size_t i = 0; i < histogram.counts.size(); ++i)
        if (histogram.counts[i] > 0) {
            const double centre = histogram.lo + (double(i) + 0.5) * width;
            points.values.push_back(float(std::clamp(centre, double(seen.lo), double(seen.hi))));
            points.weights.push_back(float(histogram.counts[i]));
        }
    return points;
}

}  // namespace bitlathe
