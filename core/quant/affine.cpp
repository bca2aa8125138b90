#include "core/quant/affine.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

// Adding and subtracting 1.5·2^23 rounds a float of magnitude below 2^22 to the nearest integer, ties to
// even, in the default rounding mode.
constexpr float kRounder = 12582912.0f;

// The distance from the zero point, rounded and saturated; 0 for NaN.
inline float roundedSteps(float x, float scale, float lo, float hi) noexcept {
    float q = x / scale;
    q = q < lo ? lo : q;
    q = q > hi ? hi : q;
    q = q == q ? q : 0.0f;
    return (q + kRounder) - kRounder;
}

}  // namespace

CodeRange codeRange(int bits, bool symmetric, bool narrow) noexcept {
    assert(bits >= 1 && bits <= 16);
    if (!symmetric) return {0, (1 << bits) - 1};
    if (bits == 1) return {-1, 1};
    const std::int32_t half = 1 << (bits - 1);
    return {narrow ? 1 - half : -half, half - 1};
}

ElementType codeContainer(int bits, bool symmetric) noexcept {
    if (bits <= 8) return symmetric ? ElementType::I8 : ElementType::U8;
    return symmetric ? ElementType::I16 : ElementType::U16;
}

AffineParameters affineFromRange(ValueRange range, CodeRange codes, bool symmetric) noexcept {
    double lo = std::min(0.0, double(range.lo)), hi = std::max(0.0, double(range.hi));
    if (symmetric) {
        hi = std::max(-lo, hi);
        lo = -hi;
    }
    const double scale = (hi - lo) / double(codes.hi - codes.lo);
    if (!(scale >= double(std::numeric_limits<float>::min())) || std::isinf(scale)) return {};
    AffineParameters parameters;
    parameters.scale = float(std::min(scale, double(std::numeric_limits<float>::max())));
    if (!symmetric) {
        const double zero = std::nearbyint(double(codes.lo) - lo / scale);
        parameters.zeroPoint = std::int32_t(std::clamp(zero, double(codes.lo), double(codes.hi)));
    }
    return parameters;
}

std::int32_t zeroPointFor(ValueRange range, float scale, CodeRange codes) noexcept {
    const double zero = std::nearbyint(double(codes.lo) - std::min(0.0, double(range.lo)) / double(scale));
    return std::int32_t(std::clamp(zero, double(codes.lo), double(codes.hi)));
}

float signScale(std::span<const float> x, std::span<const float> importance, float limit) noexcept {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float magnitude = std::fabs(x[i]);
        const double weight = importance.empty() ? 1.0 : double(importance[i]);
        if (!(magnitude <= std::numeric_limits<float>::max())) continue;
        sum += weight * double(std::min(magnitude, limit));
        count += weight;
    }
    return count > 0 ? float(sum / count) : 0.0f;
}

std::int32_t encodeAffine(float x, AffineParameters p, CodeRange codes) noexcept {
    return std::int32_t(roundedSteps(x, p.scale, float(codes.lo - p.zeroPoint), float(codes.hi - p.zeroPoint))) + p.zeroPoint;
}

template <class Code>
void encodeAffine(std::span<const float> x, AffineParameters p, CodeRange codes, std::span<Code> out) noexcept {
    assert(x.size() == out.size());
    const float lo = float(codes.lo - p.zeroPoint), hi = float(codes.hi - p.zeroPoint), scale = p.scale;
    const std::int32_t zero = p.zeroPoint;
    for (std::size_t i = 0; i < x.size(); ++i)
        out[i] = static_cast<Code>(std::int32_t(roundedSteps(x[i], scale, lo, hi)) + zero);
}

template <class Code>
void decodeAffine(std::span<const Code> codes, AffineParameters p, std::span<float> out) noexcept {
    assert(codes.size() == out.size());
    for (std::size_t i = 0; i < codes.size(); ++i) out[i] = p.scale * static_cast<float>(std::int32_t(codes[i]) - p.zeroPoint);
}

template void encodeAffine(std::span<const float>, AffineParameters, CodeRange, std::span<std::int8_t>) noexcept;
template void encodeAffine(std::span<const float>, AffineParameters, CodeRange, std::span<std::uint8_t>) noexcept;
template void encodeAffine(std::span<const float>, AffineParameters, CodeRange, std::span<std::int16_t>) noexcept;
template void encodeAffine(std::span<const float>, AffineParameters, CodeRange, std::span<std::uint16_t>) noexcept;
template void decodeAffine(std::span<const std::int8_t>, AffineParameters, std::span<float>) noexcept;
template void decodeAffine(std::span<const std::uint8_t>, AffineParameters, std::span<float>) noexcept;
template void decodeAffine(std::span<const std::int16_t>, AffineParameters, std::span<float>) noexcept;
template void decodeAffine(std::span<const std::uint16_t>, AffineParameters, std::span<float>) noexcept;

ValueRange representableRange(AffineParameters p, CodeRange codes) noexcept {
    return {decodeAffine(codes.lo, p), decodeAffine(codes.hi, p)};
}

}  // namespace bitlathe
