#include "core/kernels/weight_pass_kernels.h"

#include <cmath>

namespace bitlathe {
namespace {

struct Element {
    float n = 0;  // code less the zero point
    bool clipped = false;
};

Element quantized(const WeightPiece& p, int group, float x) noexcept {
    if (p.signs) return {x < 0 ? -1.0f : 1.0f, false};
    const float q = x / p.scale[group];
    const float nearest = q == q ? std::nearbyint(q) : 0.0f;
    float n = nearest > p.low[group] ? nearest : p.low[group];
    n = n < p.high[group] ? n : p.high[group];
    return {n, n != nearest};
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

}  // namespace

void weightPieceReference(const WeightPiece& p, WeightLanes& lanes) noexcept {
    lanes = {};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        float error2[16] = {}, value2[16] = {}, valueError[16] = {};
        const int size = group + 1 == p.groups ? p.lastSize : p.groupSize;
        for (int i = 0; i < size; ++i, ++at) {
            const int lane = i % 16;
            const float x = p.x[at];
            const Element e = quantized(p, group, x);
            const float decoded = e.n * p.scale[group];
            const float error = x - decoded;
            const int index = static_cast<int>(e.n - p.low[group]);
            if (p.codes) p.codes[at] = static_cast<std::uint8_t>(index + p.codeLow);
            if (p.codeIndex) p.codeIndex[at] = static_cast<std::uint8_t>(index);
            putIndex(p.values, at, x);
            putIndex(p.decoded, at, decoded);
            putIndex(p.errors, at, error);
            if (!std::isfinite(x)) {
                ++lanes.notFinite[lane];
                continue;
            }
            error2[lane] = std::fma(error, error, error2[lane]);
            value2[lane] = std::fma(x, x, value2[lane]);
            valueError[lane] = std::fma(x, error, valueError[lane]);
            lanes.maxError[lane] = std::fmax(lanes.maxError[lane], std::fabs(error));
            lanes.clipped[lane] += e.clipped;
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
