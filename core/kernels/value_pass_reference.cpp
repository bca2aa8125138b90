#include "core/kernels/value_pass_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

void valueSumsReference(const float* x, int count, ValueLanes& lanes) noexcept {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    lanes = {};
    std::fill_n(lanes.min, 16, infinity);
    std::fill_n(lanes.max, 16, -infinity);
    std::fill_n(lanes.leastMagnitude, 16, infinity);
    for (int at = 0; at < count; at += 64) {
        float v[64] = {};
        for (int i = 0; i < 64 && at + i < count; ++i) {
            const float e = x[at + i];
            const int lane = i % 16;
            if (!std::isfinite(e)) {
                ++lanes.notFinite[lane];
                continue;
            }
            v[i] = e;
            lanes.min[lane] = std::min(lanes.min[lane], e);
            lanes.max[lane] = std::max(lanes.max[lane], e);
            lanes.leastMagnitude[lane] = std::min(lanes.leastMagnitude[lane], std::fabs(e));
            lanes.zeros[lane] += e == 0;
        }
        for (int l = 0; l < 16; ++l) {
            const float a = v[l], b = v[l + 16], c = v[l + 32], d = v[l + 48];
            lanes.sum[l] += (a + b) + (c + d);
            lanes.magnitudes[l] += (std::fabs(a) + std::fabs(b)) + (std::fabs(c) + std::fabs(d));
            lanes.squares[l] += std::fma(b, b, a * a) + std::fma(d, d, c * c);
        }
    }
}

void extremesReference(const float* x, std::int64_t count, float& min, float& max) noexcept {
    min = std::numeric_limits<float>::infinity();
    max = -min;
    for (std::int64_t i = 0; i < count; ++i) {
        if (!std::isfinite(x[i])) continue;
        min = std::min(min, x[i]);
        max = std::max(max, x[i]);
    }
}

void binIndicesReference(const float* x, int count, bool magnitudes, float low, float perUnit, float bins,
                         std::uint16_t* index) noexcept {
    for (int i = 0; i < count; ++i) {
        float t = ((magnitudes ? std::fabs(x[i]) : x[i]) - low) * perUnit;
        t = t > -1.0f ? t : -1.0f;
        t = t < bins ? t : bins;
        index[i] = static_cast<std::uint16_t>(std::isfinite(x[i]) ? static_cast<int>(std::floor(t)) + 1
                                                                  : static_cast<int>(bins) + 2);
    }
}

}  // namespace bitlathe
