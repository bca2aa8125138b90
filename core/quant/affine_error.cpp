#include "core/quant/affine_error.h"

#include <algorithm>
#include <cassert>

namespace bitlathe {

namespace {

constexpr float kRounder = 12582912.0f;  // 1.5·2^23: adding it rounds to the nearest integer
constexpr std::size_t kLanes = 16;
constexpr std::size_t kPiece = 4096;  // float lanes add up this many values, doubles the pieces

template <bool Counted>
float pieceError(const float* x, const float* counts, std::size_t count, float scale, float inverse, float lo, float hi) noexcept {
    float sums[kLanes] = {};
    const auto one = [&](std::size_t i, std::size_t lane) {
        float q = x[i] * inverse;
        q = q < lo ? lo : q;
        q = q > hi ? hi : q;
        q = (q + kRounder) - kRounder;
        const float e = x[i] - q * scale;
        sums[lane] += Counted ? counts[i] * (e * e) : e * e;
    };
    const std::size_t whole = count / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(i + lane, lane);
    for (std::size_t i = whole; i < count; ++i) one(i, i - whole);
    for (std::size_t width = kLanes / 2; width > 0; width /= 2)
        for (std::size_t lane = 0; lane < width; ++lane) sums[lane] += sums[lane + width];
    return sums[0];
}

}  // namespace

double affineSquaredError(std::span<const float> x, std::span<const float> counts, AffineParameters p, CodeRange codes) noexcept {
    assert(counts.empty() || counts.size() == x.size());
    const float lo = float(codes.lo - p.zeroPoint), hi = float(codes.hi - p.zeroPoint), inverse = 1.0f / p.scale;
    double sum = 0;
    for (std::size_t at = 0; at < x.size(); at += kPiece) {
        const std::size_t count = std::min(kPiece, x.size() - at);
        sum += double(counts.empty() ? pieceError<false>(x.data() + at, nullptr, count, p.scale, inverse, lo, hi)
                                     : pieceError<true>(x.data() + at, counts.data() + at, count, p.scale, inverse, lo, hi));
    }
    return sum;
}

}  // namespace bitlathe
