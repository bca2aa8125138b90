#include "core/engine/operators/encode.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

struct SmallFloat {
    int exponentBits, mantissaBits, bias;
    unsigned largest;    // code of the largest number
    unsigned overflow;   // code beyond it without saturation: infinity or NaN
    unsigned nan;
    bool negativeZero;
};

SmallFloat layoutOf(ElementType type) noexcept {
    switch (type) {
        case ElementType::F8E4M3FN: return {4, 3, 7, 0x7E, 0x7F, 0x7F, true};
        case ElementType::F8E4M3FNUZ: return {4, 3, 8, 0x7F, 0x80, 0x80, false};
        case ElementType::F8E5M2: return {5, 2, 15, 0x7B, 0x7C, 0x7F, true};
        case ElementType::F8E5M2FNUZ: return {5, 2, 16, 0x7F, 0x80, 0x80, false};
        default: return {2, 1, 1, 0x7, 0x7, 0x0, true};  // F4E2M1
    }
}

// Powers of two, nearest, ties to even: E8M0 has neither sign nor zero.
std::uint8_t encodeE8M0(float value) noexcept {
    if (!(value > 0.0f)) return std::isnan(value) ? 0xFF : 0;
    if (std::isinf(value)) return 0xFE;
    int exponent = 0;
    const float mantissa = std::frexp(value, &exponent);  // [0.5, 1)
    const int code = exponent - 1 + (mantissa >= 0.75f ? 1 : 0) + 127;
    return static_cast<std::uint8_t>(std::clamp(code, 0, 254));
}

}  // namespace

std::uint8_t encodeSmallFloat(ElementType type, float value, bool saturate) noexcept {
    if (type == ElementType::F8E8M0) return encodeE8M0(value);
    const SmallFloat f = layoutOf(type);
    if (std::isnan(value)) return static_cast<std::uint8_t>(f.nan);
    const unsigned sign = std::signbit(value) ? 1u << (f.exponentBits + f.mantissaBits) : 0u;
    unsigned code = f.largest + 1;
    if (!std::isinf(value)) {
        const double magnitude = std::fabs(static_cast<double>(value));
        const int exponent = std::max(magnitude > 0 ? std::ilogb(magnitude) : -1000, 1 - f.bias);
        // A mantissa that rounds up to the next power of two carries into the exponent by itself.
        const double steps = std::nearbyint(std::ldexp(magnitude, f.mantissaBits - exponent));
        code = static_cast<unsigned>(std::min<std::int64_t>(
            (static_cast<std::int64_t>(exponent + f.bias) << f.mantissaBits) + static_cast<std::int64_t>(steps) - (std::int64_t(1) << f.mantissaBits),
            f.largest + 1));
    }
    if (code > f.largest) {
        if (!saturate && f.overflow == 0x80) return 0x80;  // the one NaN of these types has no sign
        return static_cast<std::uint8_t>(sign | (saturate ? f.largest : f.overflow));
    }
    if (code == 0 && !f.negativeZero) return 0;
    return static_cast<std::uint8_t>(sign | code);
}

IntegerRange integerRange(ElementType type) noexcept {
    const int bits = std::min(bitsOf(type), 32);
    if (isSigned(type)) return {-(std::int64_t(1) << (bits - 1)), (std::int64_t(1) << (bits - 1)) - 1};
    return {0, (std::int64_t(1) << bits) - 1};
}

}  // namespace bitlathe
