#include "core/quant/gguf_search.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bitlathe {

namespace {

int nearest(float x) noexcept { return static_cast<int>(std::nearbyint(x)); }

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

float errorOf(const TrialScales& trials, float difference) noexcept { return trials.absolute ? std::fabs(difference) : difference * difference; }

}  // namespace

float largestOf(std::span<const float> x) noexcept {
    float largest = 0;
    for (const float v : x)
        if (std::fabs(v) > std::fabs(largest)) largest = v;
    return largest;
}

int nearestLevel(std::span<const std::int8_t> table, float x) noexcept {
    std::size_t code = 0;
    while (code + 1 < table.size() && !(x - static_cast<float>(table[code]) < static_cast<float>(table[code + 1]) - x)) ++code;
    return static_cast<int>(code);
}

float signedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept {
    const float largest = largestOf(x);
    if (std::fabs(largest) < kNoScale) return 0;
    const auto inverse = [=](float trial) { return -(static_cast<float>(top) + 0.1f * trial) / largest; };
    const auto fitAt = [=](float by) {
        Fit fit;
        for (std::size_t i = 0; i < x.size(); ++i) fit.add(weights[i], x[i], std::clamp(nearest(by * x[i]), -top, top - 1));
        return fit;
    };
    return bestScale(inverse(0), 9, false, fitAt, inverse);
}

float refinedSignedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept {
    const float largest = largestOf(x);
    if (std::fabs(largest) < kNoScale) return 0;
    const float inverse = -static_cast<float>(top) / largest;
    const auto code = [=](float steps) { return std::clamp(nearest(steps), -top, top - 1); };
    std::array<std::int8_t, 32> codes{};
    Fit fit;
    for (std::size_t i = 0; i < x.size(); ++i) {
        codes[i] = static_cast<std::int8_t>(code(inverse * x[i]));
        fit.add(weights[i], x[i], codes[i]);
    }
    refine(x, weights, codes, fit, false, code);
    return fit.scale();
}

ScaleAndMin scaleAndMin(std::span<const float> x, std::span<const float> weights, int top, const TrialScales& trials) noexcept {
    if (x.empty()) return {};
    float min = x[0], max = x[0], sumW = 0, sumX = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        min = std::min(min, x[i]);
        max = std::max(max, x[i]);
        sumW += weights[i];
        sumX += weights[i] * x[i];
    }
    min = std::min(min, 0.0f);
    if (max <= min) return {0, -min};
    std::array<int, 32> codes{};
    const auto errorWith = [&](float scale, float low) {
        float error = 0;
        for (std::size_t i = 0; i < x.size(); ++i) error += weights[i] * errorOf(trials, scale * static_cast<float>(codes[i]) + low - x[i]);
        return error;
    };
    const auto codeWith = [&](float inverse) {
        for (std::size_t i = 0; i < x.size(); ++i) codes[i] = std::clamp(nearest(inverse * (x[i] - min)), 0, top);
    };
    const float first = static_cast<float>(top) / (max - min);
    float scale = 1 / first;
    codeWith(first);
    float best = errorWith(scale, min);
    for (int trial = 0; trial <= trials.count; ++trial) {
        codeWith((trials.first + trials.step * static_cast<float>(trial) + static_cast<float>(top)) / (max - min));
        float sumL = 0, sumL2 = 0, sumXl = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float w = weights[i], l = static_cast<float>(codes[i]);
            sumL += w * l;
            sumL2 += w * l * l;
            sumXl += w * l * x[i];
        }
        const float determinant = sumW * sumL2 - sumL * sumL;
        if (!(determinant > 0)) continue;
        float tried = (sumW * sumXl - sumX * sumL) / determinant, low = (sumL2 * sumX - sumL * sumXl) / determinant;
        if (low > 0) {
            low = 0;
            tried = sumXl / sumL2;
        }
        const float error = errorWith(tried, low);
        if (!(error < best)) continue;
        best = error;
        scale = tried;
        min = low;  // later trials start from here, as the reference's do
    }
    return {scale, -min};
}

float unsignedScale(std::span<const float> x, std::span<const float> weights, int top, std::span<std::int8_t> codes) noexcept {
    float max = 0;
    for (const float v : x) max = std::max(max, v);
    std::fill(codes.begin(), codes.end(), std::int8_t{0});
    if (max < kNoScale) return 0;
    const auto code = [=](float steps) { return std::clamp(nearest(steps), 0, top); };
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

float tableScale(std::span<const float> x, std::span<const float> weights, std::span<const std::int8_t> table) noexcept {
    const float largest = largestOf(x), end = static_cast<float>(table.front());
    if (std::fabs(largest) < kNoScale) return 0;
    // The reference starts from the reciprocal of a rounded scale, unlike its trials.
    const float first = 1 / (-largest / end);
    const auto fitAt = [=](float by) {
        Fit fit;
        for (std::size_t i = 0; i < x.size(); ++i) fit.addLevel(weights[i], x[i], table[static_cast<std::size_t>(nearestLevel(table, by * x[i]))]);
        return fit;
    };
    return bestScale(first, 7, true, fitAt, [=](float trial) { return (trial + end) / largest; });
}

}  // namespace bitlathe
