#include "core/quant/aciq.h"

#include "core/kernels/value_pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

namespace bitlathe {

namespace {

constexpr int kMostBits = 17;
using Clips = std::array<double, kMostBits + 1>;

// The root of a function that falls from above 0 to below 0 on 0 … 40.
template <class Function>
double rootOf(Function f) {
    double lo = 0, hi = 40;
    for (int i = 0; i < 200 && lo < hi; ++i) {
        const double middle = std::midpoint(lo, hi);
        if (middle <= lo || middle >= hi) break;
        (f(middle) > 0 ? lo : hi) = middle;
    }
    return std::midpoint(lo, hi);
}

template <class Equation>
Clips solved(Equation equation) {
    Clips clips{};
    for (int bits = 1; bits <= kMostBits; ++bits) {
        const double levels = std::exp2(2.0 * bits);
        clips[static_cast<std::size_t>(bits)] = rootOf([&](double alpha) { return equation(alpha, levels); });
    }
    return clips;
}

// What one-sided values are measured by: the ones that are not 0.
bool oneSided(const Moments& m) noexcept { return m.ends.lo >= 0 || m.ends.hi <= 0; }

double gaussianWidth(const Moments& m, bool symmetric) noexcept {
    if (oneSided(m)) return std::sqrt(m.squares / (m.weight - m.zeros));
    const double mean = symmetric ? 0 : m.sum / m.weight;
    return std::sqrt(std::max(0.0, m.squares / m.weight - mean * mean));
}
double laplaceWidth(const Moments& m, bool symmetric) noexcept {
    if (oneSided(m)) return m.magnitudes / (m.weight - m.zeros);
    return (symmetric ? m.magnitudes : m.deviations) / m.weight;
}

double weightedDeviations(std::span<const float> x, std::span<const float> importance, double mean) noexcept {
    constexpr std::size_t kLanes = 8;
    double sums[kLanes] = {};
    const auto one = [&](std::size_t i, std::size_t lane) {
        const double d = std::fabs(double(x[i]) - mean);
        const bool finite = x[i] - x[i] == 0.0f;
        sums[lane] += finite ? (importance.empty() ? d : double(importance[i]) * d) : 0.0;
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(i + lane, lane);
    for (std::size_t i = whole; i < x.size(); ++i) one(i, i - whole);
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

Moments weighted(std::span<const float> x, std::span<const float> importance) noexcept {
    Moments m;
    bool any = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!(x[i] - x[i] == 0.0f)) continue;
        m.ends = any ? ValueRange{std::min(m.ends.lo, x[i]), std::max(m.ends.hi, x[i])} : ValueRange{x[i], x[i]};
        any = true;
        const double w = double(importance[i]), v = double(x[i]);
        m.weight += w;
        m.zeros += v == 0 ? w : 0;
        m.sum += w * v;
        m.magnitudes += w * std::fabs(v);
        m.squares += w * v * v;
    }
    return m;
}

void add(Moments& to, const Moments& part) noexcept {
    if (part.weight == 0) return;
    to.ends = to.weight > 0 ? ValueRange{std::min(to.ends.lo, part.ends.lo), std::max(to.ends.hi, part.ends.hi)} : part.ends;
    to.weight += part.weight;
    to.zeros += part.zeros;
    to.sum += part.sum;
    to.magnitudes += part.magnitudes;
    to.squares += part.squares;
}

}  // namespace

double aciqClip(Aciq::Shape shape, int bits) noexcept {
    static const Clips gaussian = solved([](double a, double levels) {
        return std::sqrt(2 / std::numbers::pi) * std::exp(-a * a / 2) - a * std::erfc(a / std::numbers::sqrt2) - a / (3 * levels);
    });
    static const Clips laplace = solved([](double a, double levels) { return std::exp(-a) - a / (3 * levels); });
    return (shape == Aciq::Shape::Laplace ? laplace : gaussian)[static_cast<std::size_t>(std::clamp(bits, 1, kMostBits))];
}

Moments momentsOf(std::span<const float> x, std::span<const float> importance, Isa isa, const ForChunks& forChunks) {
    if (!std::any_of(importance.begin(), importance.end(), [](float w) { return w > 0; })) importance = {};
    const auto count = static_cast<std::int64_t>(x.size());
    const auto chunks = chunksOf(count);
    const auto pieceOf = [](std::span<const float> all, std::int64_t chunk) {
        const auto begin = static_cast<std::size_t>(chunk * kChunkValues);
        return all.empty() ? all : all.subspan(begin, std::min<std::size_t>(kChunkValues, all.size() - begin));
    };
    std::vector<Moments> parts(static_cast<std::size_t>(chunks));
    forChunks(chunks, [&](std::int64_t chunk) {
        const auto piece = pieceOf(x, chunk);
        Moments& part = parts[static_cast<std::size_t>(chunk)];
        if (!importance.empty()) {
            part = weighted(piece, pieceOf(importance, chunk));
            return;
        }
        const ValueSums sums = valuePass(isa, piece.data(), static_cast<std::int64_t>(piece.size()));
        part = {{sums.min, sums.max}, double(sums.finite()), double(sums.zeros), sums.sum, sums.magnitudes, sums.squares, 0};
    });
    Moments all;
    for (const Moments& part : parts) add(all, part);
    if (all.weight == 0) return all;
    const double mean = all.sum / all.weight;
    std::vector<double> deviations(parts.size());
    forChunks(chunks, [&](std::int64_t chunk) { deviations[static_cast<std::size_t>(chunk)] = weightedDeviations(pieceOf(x, chunk), pieceOf(importance, chunk), mean); });
    for (const double part : deviations) all.deviations += part;
    return all;
}

double deviationsOf(const Histogram& histogram, double mean) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i)
        sum += double(histogram.counts[i]) * std::fabs(histogram.lo + (double(i) + 0.5) * histogram.binWidth() - mean);
    return sum;
}

Aciq::Shape likelierShape(const Moments& m, bool symmetric) noexcept {
    if (!(m.weight > m.zeros)) return Aciq::Shape::Gaussian;
    const double bound = std::sqrt(std::numbers::pi / (2 * std::numbers::e));
    return laplaceWidth(m, symmetric) < bound * gaussianWidth(m, symmetric) ? Aciq::Shape::Laplace : Aciq::Shape::Gaussian;
}

ValueRange aciqRange(const Moments& m, Aciq::Shape shape, int bits, bool symmetric) noexcept {
    if (!(m.weight > m.zeros)) return {};
    const double width = shape == Aciq::Shape::Laplace ? laplaceWidth(m, symmetric) : gaussianWidth(m, symmetric);
    const double limit = aciqClip(shape, oneSided(m) && !symmetric ? bits + 1 : bits) * width;
    const double mean = symmetric || oneSided(m) ? 0 : m.sum / m.weight;
    const double lo = std::max(double(m.ends.lo), mean - limit), hi = std::min(double(m.ends.hi), mean + limit);
    return lo <= hi ? ValueRange{float(lo), float(hi)} : m.ends;
}

}  // namespace bitlathe
