#include "core/quant/gguf_search.h"

#include "core/quant/gguf_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bitlathe {

namespace {

// For each whole number from −128 on, the last of IQ4's levels that is not above it.
constexpr auto kNotAbove = [] {
    std::array<std::uint8_t, 256> codes{};
    for (int n = -127; n < 128; ++n)
        for (std::size_t code = 0; code < 15; ++code)  // the last level has no neighbour above
            if (kIq4Levels[code] <= n) codes[static_cast<std::size_t>(n + 128)] = static_cast<std::uint8_t>(code);
    return codes;
}();

// Least squares over given codes: the scale is lx / ll, and what it gains over 0 is lx² / ll.
struct Fit {
    float lx = 0, ll = 0;
    void add(float weight, float x, int code) noexcept {
        const auto l = static_cast<float>(code);
        lx += weight * x * l;
        ll += weight * l * l;
    }
    // The reference multiplies in another order when it fits tables, and near ties it matters.
    void addLevel(float weight, float x, int level) noexcept {
        const auto l = static_cast<float>(level);
        lx += weight * l * x;
        ll += weight * l * l;
    }
    float scale() const noexcept { return ll > 0 ? lx / ll : 0.0f; }
};

// The best of the inverse scales of trials −reach … reach, by what fitAt(inverse) gains; `first` comes first.
template <class FitAt, class Inverse>
float bestScale(float first, int reach, bool zeroToo, FitAt fitAt, Inverse inverse) noexcept {
    Fit fit = fitAt(first);
    float scale = fit.scale(), best = scale * fit.lx;
    for (int trial = -reach; trial <= reach; ++trial) {
        if (trial == 0 && !zeroToo) continue;
        fit = fitAt(inverse(static_cast<float>(trial)));
        if (!(fit.ll > 0 && fit.lx * fit.lx > best * fit.ll)) continue;
        scale = fit.scale();
        best = scale * fit.lx;
    }
    return scale;
}

// Moves codes while the fit gains; at most five rounds.
template <class Code>
void refine(std::span<const float> x, std::span<const float> weights, std::span<std::int8_t> codes, Fit& fit, bool needsSquares, Code code) noexcept {
    for (int round = 0; round < 5; ++round) {
        bool changed = false;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float w = weights[i];
            const auto old = static_cast<float>(codes[i]);
            float lx = fit.lx - w * x[i] * old, ll = fit.ll - w * old * old;
            if (!(lx > 0) || (needsSquares && !(ll > 0))) continue;
            const int moved = code(x[i] * ll / lx);
            if (moved == codes[i]) continue;
            lx += w * x[i] * static_cast<float>(moved);
            ll += w * static_cast<float>(moved) * static_cast<float>(moved);
            if (!(ll > 0 && lx * lx * fit.ll > fit.lx * fit.lx * ll)) continue;
            codes[i] = static_cast<std::int8_t>(moved);
            fit = {lx, ll};
            changed = true;
        }
        if (!changed) break;
    }
}

}  // namespace

int nearestWithin(float x, int lo, int hi) noexcept {
    constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: the sum's last bit is worth 1
    const float low = static_cast<float>(lo), high = static_cast<float>(hi), above = x > low ? x : low;
    return static_cast<int>((above < high ? above : high) + kRounder - kRounder);
}

float largestOf(std::span<const float> x) noexcept {
    float largest = 0;
    for (const float v : x)
        if (std::fabs(v) > std::fabs(largest)) largest = v;
    return largest;
}

int nearestIq4(float x) noexcept {
    if (!(x > static_cast<float>(kIq4Levels.front()))) return 0;
    if (x >= static_cast<float>(kIq4Levels.back())) return 15;
    std::size_t code = kNotAbove[static_cast<std::size_t>(x + 128.0f)];
    if (!(x - static_cast<float>(kIq4Levels[code]) < static_cast<float>(kIq4Levels[code + 1]) - x)) ++code;
    return static_cast<int>(code);
}

float refinedSignedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept {
    const float largest = largestOf(x);
    if (std::fabs(largest) < kNoScale) return 0;
    const float inverse = -static_cast<float>(top) / largest;
    const auto code = [=](float steps) { return nearestWithin(steps, -top, top - 1); };
    std::array<std::int8_t, 32> codes{};
    Fit fit;
    for (std::size_t i = 0; i < x.size(); ++i) {
        codes[i] = static_cast<std::int8_t>(code(inverse * x[i]));
        fit.add(weights[i], x[i], codes[i]);
    }
    refine(x, weights, codes, fit, false, code);
    return fit.scale();
}

float unsignedScale(std::span<const float> x, std::span<const float> weights, int top, std::span<std::int8_t> codes) noexcept {
    float max = 0;
    for (const float v : x) max = std::max(max, v);
    std::fill(codes.begin(), codes.end(), std::int8_t{0});
    if (max < kNoScale) return 0;
    const auto code = [=](float steps) { return nearestWithin(steps, 0, top); };
    float inverse = 0, best = 0;
    for (const int trial : {0, -4, -3, -2, -1, 1, 2, 3, 4}) {
        const float by = (0.1f * static_cast<float>(trial) + static_cast<float>(top)) / max, scale = 1 / by;
        float error = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float difference = x[i] - scale * static_cast<float>(code(by * x[i]));
            error += weights[i] * difference * difference;
        }
        if (trial != 0 && !(error < best)) continue;
        best = error;
        inverse = by;
    }
    Fit fit;
    for (std::size_t i = 0; i < x.size(); ++i) {
        codes[i] = static_cast<std::int8_t>(code(inverse * x[i]));
        fit.add(weights[i], x[i], codes[i]);
    }
    refine(x, weights, codes, fit, true, code);
    return fit.scale();
}

float iq4Scale(std::span<const float> x, std::span<const float> weights) noexcept {
    const float largest = largestOf(x), end = static_cast<float>(kIq4Levels.front());
    if (std::fabs(largest) < kNoScale) return 0;
    // The reference starts from the reciprocal of a rounded scale, unlike its trials.
    const float first = 1 / (-largest / end);
    const auto fitAt = [=](float by) {
        Fit fit;
        for (std::size_t i = 0; i < x.size(); ++i) fit.addLevel(weights[i], x[i], kIq4Levels[static_cast<std::size_t>(nearestIq4(by * x[i]))]);
        return fit;
    };
    return bestScale(first, 7, true, fitAt, [=](float trial) { return (trial + end) / largest; });
}

}  // namespace bitlathe
