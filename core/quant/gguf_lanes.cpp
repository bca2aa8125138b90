// The searches that run side by side, a part in each lane of a vector. Every lane adds in the order of its
// values, so that a part's result does not depend on its neighbours.
#include "core/quant/gguf_search.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {

namespace {

using Lanes = float __attribute__((vector_size(sizeof(SideBySide::Row))));
using Mask = decltype(Lanes{} < Lanes{});

Lanes load(const SideBySide::Row& row) noexcept {
    Lanes lanes;
    std::memcpy(&lanes, row.data(), sizeof lanes);
    return lanes;
}
SideBySide::Row row(const Lanes& lanes) noexcept {
    SideBySide::Row out;
    std::memcpy(out.data(), &lanes, sizeof lanes);
    return out;
}
Lanes all(float value) noexcept { return Lanes{} + value; }
Lanes magnitude(const Lanes& x) noexcept { return x < 0.0f ? -x : x; }
Lanes rounded(const Lanes& x, float low, float high) noexcept {
    constexpr float kRounder = 12582912.0f;  // 1.5 · 2^23: the sum's last bit is worth 1
    const Lanes above = x > low ? x : all(low), within = above < high ? above : all(high);
    return within + kRounder - kRounder;
}

struct Sums {
    Lanes l{}, ll{}, lx{};
};
}  // namespace

void SideBySide::set(int part, std::span<const float> values, std::span<const float> w) noexcept {
    const auto p = static_cast<std::size_t>(part);
    count = std::max(count, values.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i][p] = i < values.size() ? values[i] : values.empty() ? 0.0f : values[0];
        weights[i][p] = i < values.size() ? w[i] : 0.0f;
    }
}

SideBySide::Row signedScales(const SideBySide& parts, int top) noexcept {
    Lanes largest{};
    for (std::size_t i = 0; i < parts.count; ++i) {
        const Lanes x = load(parts.x[i]);
        largest = magnitude(x) > magnitude(largest) ? x : largest;
    }
    const Mask none = magnitude(largest) < kNoScale;
    largest = none ? all(1) : largest;
    const float most = static_cast<float>(top);
    Lanes scale{}, best{};
    for (int step = 0; step <= 19; ++step) {
        const int trial = step == 0 ? 0 : step - 10;  // 0 first, then −9 … 9
        if (trial == 0 && step > 0) continue;
        const Lanes inverse = -(most + 0.1f * static_cast<float>(trial)) / largest;
        Lanes lx{}, ll{};
        for (std::size_t i = 0; i < parts.count; ++i) {
            const Lanes x = load(parts.x[i]), w = load(parts.weights[i]), l = rounded(inverse * x, -most, most - 1);
            lx += w * x * l;
            ll += w * l * l;
        }
        const Mask better = step == 0 ? ll > 0.0f : (ll > 0.0f) & (lx * lx > best * ll);
        const Lanes tried = lx / ll;
        scale = better ? tried : scale;
        best = better ? tried * lx : best;
    }
    return row(none ? Lanes{} : scale);
}

float signedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept {
    SideBySide one;
    one.set(0, x, weights);
    return signedScales(one, top)[0];
}

ScalesAndMins scalesAndMins(const SideBySide& parts, int top, const TrialScales& trials) noexcept {
    const float most = static_cast<float>(top);
    Lanes min = load(parts.x[0]), max = min, sumW{}, sumX{};
    for (std::size_t i = 0; i < parts.count; ++i) {
        const Lanes x = load(parts.x[i]), w = load(parts.weights[i]);
        min = x < min ? x : min;
        max = x > max ? x : max;
        sumW += w;
        sumX += w * x;
    }
    min = min < 0.0f ? min : Lanes{};
    const Mask none = max <= min;
    max = none ? min + 1.0f : max;
    Lanes codes[32];
    const auto code = [&](const Lanes& inverse) {
        Sums sums;
        for (std::size_t i = 0; i < parts.count; ++i) {
            const Lanes x = load(parts.x[i]), w = load(parts.weights[i]), l = rounded(inverse * (x - min), 0, most);
            codes[i] = l;
            sums.l += w * l;
            sums.ll += w * l * l;
            sums.lx += w * l * x;
        }
        return sums;
    };
    const auto errorWith = [&](const Lanes& scale, const Lanes& low) {
        Lanes error{};
        for (std::size_t i = 0; i < parts.count; ++i) {
            const Lanes difference = scale * codes[i] + low - load(parts.x[i]);
            error += load(parts.weights[i]) * (trials.absolute ? magnitude(difference) : difference * difference);
        }
        return error;
    };
    Lanes scale = 1 / (most / (max - min));
    code(most / (max - min));
    Lanes best = errorWith(scale, min);
    for (int trial = 0; trial <= trials.count; ++trial) {
        const Sums s = code((trials.first + trials.step * static_cast<float>(trial) + most) / (max - min));
        const Lanes determinant = sumW * s.ll - s.l * s.l;
        Lanes tried = (sumW * s.lx - sumX * s.l) / determinant, low = (s.ll * sumX - s.l * s.lx) / determinant;
        const Mask lifted = low > 0.0f;
        tried = lifted ? s.lx / s.ll : tried;
        low = lifted ? Lanes{} : low;
        const Lanes error = errorWith(tried, low);
        const Mask better = (determinant > 0.0f) & (error < best) & ~none;
        best = better ? error : best;
        scale = better ? tried : scale;
        min = better ? low : min;  // later trials start from here, as the reference's do
    }
    return {row(none ? Lanes{} : scale), row(-min)};
}

}  // namespace bitlathe
