// What all rows of small floats share: codes are the format's own bits, values are scale · float(code).
// Included by the rows' source files alone.
#pragma once

#include "core/quant/codec.h"
#include "core/quant/small_float.h"
#include "core/quant/stored_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace bitlathe {

template <SmallFloat F>
const std::array<float, 256>& smallFloatValues() noexcept {
    static const std::array<float, 256> values = [] {
        std::array<float, 256> all{};
        for (unsigned code = 0; code < 1u << F.bits(); ++code) all[code] = decodeSmallFloat(F, code);
        return all;
    }();
    return values;
}

template <SmallFloat F>
struct SmallFloatRow {
    static ElementType codeType(const QuantSpec&) noexcept { return ElementType::U8; }
    static int innerBytes(const QuantSpec&) noexcept { return 0; }
    static int parameterBits(const QuantSpec& spec) noexcept { return bitsOf(scaleTypeOf(spec)); }
    static bool fitNeedsValues(const QuantSpec&) noexcept { return false; }
    static bool holdsZero(const QuantSpec&) noexcept { return true; }

    // The largest magnitude of the range meets the largest value.
    static void fit(const QuantSpec& spec, std::span<const float>, std::span<const float>, ValueRange range, GroupParameters& out) noexcept {
        const float largest = std::max(-range.lo, range.hi);
        out.zeroPoint = 0;
        out.scale = largest > 0 ? roundScale(scaleTypeOf(spec), std::max(largest / F.max, std::numeric_limits<float>::min())) : 1.0f;
    }
    // The exponent of the scale is floor(log2(largest)) − that of the format's largest value (OCP MX 1.0, 6.3).
    static void fitMx(const QuantSpec&, std::span<const float>, std::span<const float>, ValueRange range, GroupParameters& out) noexcept {
        const float largest = std::max(-range.lo, range.hi);
        const int exponent = (largest > 0 ? floorLog2(largest) : -126) - F.maxExponent();
        out.zeroPoint = 0;
        out.scale = powerOfTwo(std::max(exponent, -127));
    }
    static void encode(const QuantSpec&, const GroupParameters& group, std::span<const float> x, std::span<std::byte> codes) noexcept {
        const float scale = group.scale;
        for (std::size_t i = 0; i < x.size(); ++i) codes[i] = std::byte{encodeSmallFloat(F, x[i] / scale)};
    }
    static void decode(const QuantSpec&, const GroupParameters& group, std::span<const std::byte> codes, std::span<float> out) noexcept {
        const auto& values = smallFloatValues<F>();
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = group.scale * values[std::to_integer<std::size_t>(codes[i])];
    }
    static LevelFormat fastFormat(const QuantSpec&) noexcept {
        return {.kind = LevelFormat::Kind::Floats, .floats = {F.exponentBits, F.mantissaBits, F.bias, F.max, F.kind == SmallFloatKind::FiniteUz}};
    }
    static ValueRange representable(const QuantSpec&, const GroupParameters& group) noexcept { return {-F.max * group.scale, F.max * group.scale}; }
    static std::vector<float> levels(const QuantSpec&, const GroupParameters& group) {
        std::vector<float> all;
        for (unsigned code = 0; code < 1u << F.bits(); ++code)
            if (const float value = decodeSmallFloat(F, code); std::isfinite(value) && !(value == 0 && code != 0)) all.push_back(group.scale * value);
        std::sort(all.begin(), all.end());
        return all;
    }

    // A row of this float, without its names.
    static constexpr Codec row(bool mx) {
        return Codec{
            .name = {}, .label = {}, .formula = {}, .explanation = {},
            .minBits = F.bits(), .maxBits = F.bits(),
            .takesSymmetric = false, .takesNarrow = false,
            .scaleTypes = kScaleTypesOrNone,
            .codeType = codeType, .innerBytes = innerBytes, .parameterBits = parameterBits, .fitNeedsValues = fitNeedsValues,
            .holdsZero = holdsZero, .fit = mx ? fitMx : fit, .encode = encode, .decode = decode, .squaredError = nullptr, .fast = {.format = fastFormat},
            .representable = representable, .levels = levels,
        };
    }
};

}  // namespace bitlathe
