#include "core/metrics/error_sums.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {
constexpr std::size_t kLanes = 8;
}

void addPairs(ErrorSums& sums, std::span<const float> x, std::span<const float> y, std::span<float> errors) noexcept {
    assert(x.size() == y.size() && (errors.empty() || errors.size() == x.size()));
    double xx[kLanes] = {}, yy[kLanes] = {}, xy[kLanes] = {}, ee[kLanes] = {};
    float largest[kLanes] = {};
    std::int32_t counts[kLanes] = {};
    const auto pair = [&](std::size_t i, std::size_t lane) {
        const bool finite = x[i] - x[i] == 0.0f;
        const float a = finite ? x[i] : 0.0f, b = finite ? y[i] : 0.0f, e = a - b;
        const float size = std::fabs(e);
        xx[lane] += double(a) * double(a);
        yy[lane] += double(b) * double(b);
        xy[lane] += double(a) * double(b);
        ee[lane] += double(e) * double(e);
        largest[lane] = size > largest[lane] ? size : largest[lane];
        counts[lane] += finite;
        return e;
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    if (errors.empty()) {
        for (std::size_t i = 0; i < whole; i += kLanes)
            for (std::size_t lane = 0; lane < kLanes; ++lane) pair(i + lane, lane);
        for (std::size_t i = whole; i < x.size(); ++i) pair(i, i - whole);
    } else {
        for (std::size_t i = 0; i < whole; i += kLanes)
            for (std::size_t lane = 0; lane < kLanes; ++lane) errors[i + lane] = pair(i + lane, lane);
        for (std::size_t i = whole; i < x.size(); ++i) errors[i] = pair(i, i - whole);
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        sums.xx += xx[lane];
        sums.yy += yy[lane];
        sums.xy += xy[lane];
        sums.ee += ee[lane];
        sums.maximum = std::max(sums.maximum, double(largest[lane]));
        sums.count += counts[lane];
    }
}

void combine(ErrorSums& sums, const ErrorSums& later) noexcept {
    sums.count += later.count;
    sums.xx += later.xx;
    sums.yy += later.yy;
    sums.xy += later.xy;
    sums.ee += later.ee;
    sums.maximum = std::max(sums.maximum, later.maximum);
}

double decibels(double signal, double noise) noexcept {
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10.0 * std::log10(signal / noise);
}

QuantizationError figuresOf(const ErrorSums& sums, std::int64_t clipped) noexcept {
    QuantizationError error;
    error.sqnrDb = decibels(sums.xx, sums.ee);
    if (sums.count == 0) return error;
    error.meanSquare = sums.ee / double(sums.count);
    error.rootMeanSquare = std::sqrt(error.meanSquare);
    error.maximum = sums.maximum;
    const double norms = std::sqrt(sums.xx * sums.yy);
    error.cosine = norms > 0 ? std::clamp(sums.xy / norms, -1.0, 1.0) : sums.xx == sums.yy ? 1.0 : 0.0;
    error.clipped = double(clipped) / double(sums.count);
    return error;
}

}  // namespace bitlathe
