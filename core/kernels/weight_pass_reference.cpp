#include "core/kernels/weight_pass_kernels.h"

#include <cmath>

namespace bitlathe {
namespace {

struct Element {
    float n = 0;  // code less the zero point
    bool clipped = false;
};

Element quantized(const WeightPiece& p, int group, float x, float low, float high) noexcept {
    if (p.signs) return {x < 0 ? -1.0f : 1.0f, false};
    const float q = x / p.scales[group];
    const float nearest = q == q ? std::nearbyint(q) : 0.0f;
    float n = nearest > low ? nearest : low;
    n = n < high ? n : high;
    return {n, n != nearest};
}

// Of values decoded before: whether they were clipped.
Element outside(const WeightPiece& p, int group, float x) noexcept {
    return {0, p.lowest && (x < p.lowest[group] || x > p.highest[group])};
}

void putIndex(const WeightBins& bins, int at, float v) noexcept {
    if (!bins.index) return;
    float t = (v - bins.low) * bins.perUnit;
    t = t > -1.0f ? t : -1.0f;
    t = t < bins.count ? t : bins.count;
    // Towards minus infinity: values just below `low` are below it.
    bins.index[at] = static_cast<std::uint16_t>(static_cast<int>(std::floor(t)) + 1);
}

// The lanes as a tree.
float total(const float lanes[16]) noexcept {
    float sums[16];
    for (int i = 0; i < 16; ++i) sums[i] = lanes[i];
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
    return sums[0];
}

// Sixty-four products a[i] * b[i], added to their lanes.
void addProducts(const float* a, const float* b, float lanes[16]) noexcept {
    for (int l = 0; l < 16; ++l)
        lanes[l] += std::fma(a[l + 16], b[l + 16], a[l] * b[l]) + std::fma(a[l + 48], b[l + 48], a[l + 32] * b[l + 32]);
}

}  // namespace

void weightPieceReference(const WeightPiece& p, WeightLanes& lanes) noexcept {
    lanes = {};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        float error2[16] = {}, value2[16] = {}, valueError[16] = {};
        const std::int32_t zero = p.zeroPoints ? p.zeroPoints[group] : 0;
        const auto low = static_cast<float>(p.codeLow - zero), high = static_cast<float>(p.codeHigh - zero);
        const int end = at + (group + 1 == p.groups ? p.lastSize : p.groupSize);
        while (at < end) {
            float x64[64] = {}, error64[64] = {};
            for (int i = 0; i < 64 && at < end; ++i, ++at) {
                const int lane = i % 16;
                const float x = p.x[at];
                const Element e = p.given ? outside(p, group, x) : quantized(p, group, x, low, high);
                const float decoded = p.given ? p.given[at] : e.n * p.scales[group];
                const float error = x - decoded;
                const int index = p.given ? 0 : static_cast<int>(e.n - low);
                if (p.codes) p.codes[at] = static_cast<std::uint8_t>(index + p.codeLow);
                if (p.codeIndex) p.codeIndex[at] = static_cast<std::uint8_t>(index);
                putIndex(p.values, at, x);
                putIndex(p.decoded, at, decoded);
                putIndex(p.errors, at, error);
                if (!std::isfinite(x)) {
                    ++lanes.notFinite[lane];
                    continue;
                }
                x64[i] = x;
                error64[i] = error;
                lanes.maxError[lane] = std::fmax(lanes.maxError[lane], std::fabs(error));
                lanes.clipped[lane] += e.clipped;
            }
            addProducts(error64, error64, error2);
            addProducts(x64, x64, value2);
            addProducts(x64, error64, valueError);
        }
        for (int i = 0; i < 16; ++i) {
            lanes.error2[i] += error2[i];
            lanes.value2[i] += value2[i];
            lanes.valueError[i] += valueError[i];
        }
        if (p.groupError2) p.groupError2[group] = total(error2);
        if (p.groupValue2) p.groupValue2[group] = total(value2);
    }
}

}  // namespace bitlathe
