// Elementary functions on float32 without branches, so that loops over them become vector code; the same
// bits on every machine. Coefficients: least-squares fits weighted towards the smallest largest relative
// error; the bounds below are measured by float_math_test. ISA files include this header, so every function
// is inlined always and nothing of the standard library is called. Knows no tensors.
#pragma once

#include <cstdint>

#define BITLATHE_ROW_MATH [[gnu::always_inline]] inline

namespace bitlathe {

BITLATHE_ROW_MATH float absolute32(float x) noexcept { return __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, x) & 0x7fffffffu); }
BITLATHE_ROW_MATH float withSignOf(float magnitude, float sign) noexcept {
    return __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, magnitude) | (__builtin_bit_cast(std::uint32_t, sign) & 0x80000000u));
}

// e^r - 1 for |r| <= 0.35.
BITLATHE_ROW_MATH float smallExpm1(float r) noexcept {
    float p = 1.38133717e-3f;
    p = p * r + 8.36941194e-3f;
    p = p * r + 4.16684519e-2f;
    p = p * r + 0.166665149f;
    p = p * r + 0.499999931f;
    return (p * r) * r + r;
}

// e^x within 2 ulp; 0 and infinity beyond the range of float; NaN stays NaN.
BITLATHE_ROW_MATH float exp32(float x) noexcept {
    const float low = x < -104.0f ? -104.0f : x;
    const float bounded = low > 89.0f ? 89.0f : low;
    // n = round(x / ln 2), found by adding 1.5 · 2^23, whose last bit counts ones.
    const float shifted = bounded * 1.44269504f + 12582912.0f;
    const float n = shifted - 12582912.0f;
    const auto exponent = static_cast<std::int32_t>(__builtin_bit_cast(std::uint32_t, shifted) - 0x4b400000u);
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    const float p = smallExpm1(r) + 1.0f;
    // 2^n in two factors: neither leaves the normal floats, the product may.
    const std::int32_t half = exponent >> 1;
    const float first = __builtin_bit_cast(float, static_cast<std::uint32_t>(half + 127) << 23);
    const float second = __builtin_bit_cast(float, (static_cast<std::uint32_t>(exponent) - static_cast<std::uint32_t>(half) + 127u) << 23);
    return p * first * second;
}

// e^x - 1 within 3 ulp, without cancellation near 0.
BITLATHE_ROW_MATH float expm1_32(float x) noexcept { return absolute32(x) < 0.34f ? smallExpm1(x) : exp32(x) - 1.0f; }

// Within 3 ulp; 0 where e^-x is infinite (x < -88.7).
BITLATHE_ROW_MATH float sigmoid32(float x) noexcept { return 1.0f / (1.0f + exp32(-x)); }

// Within 3 ulp; odd.
BITLATHE_ROW_MATH float tanh32(float x) noexcept {
    const float magnitude = absolute32(x), z = x * x;
    float p = -5.72162989e-3f;
    p = p * z + 2.06552184e-2f;
    p = p * z - 5.37451446e-2f;
    p = p * z + 0.133315152f;
    p = p * z - 0.333332851f;
    const float small = magnitude + magnitude * z * p;
    const float large = 1.0f - 2.0f / (exp32(2.0f * magnitude) + 1.0f);
    return withSignOf(magnitude < 0.625f ? small : large, x);
}

// e^(x²) · erfc(x) for x >= 1, relative error 6e-9 before rounding.
BITLATHE_ROW_MATH float scaledErfc32(float x) noexcept {
    const float t = 1.0f / (1.0f + 0.5f * x);
    float p = 0.0816474009f;
    p = p * t - 0.187569997f;
    p = p * t + 0.0286715189f;
    p = p * t + 0.102473231f;
    p = p * t + 0.159426745f;
    p = p * t + 0.252551892f;
    p = p * t + 0.281066246f;
    p = p * t + 0.282191823f;
    return p * t - 3.78085879e-6f;
}

// erf(x) / x for |x| <= 1 as a function of x².
BITLATHE_ROW_MATH float erfOverX32(float z) noexcept {
    float p = 7.85385765e-5f;
    p = p * z - 8.01019250e-4f;
    p = p * z + 5.18832756e-3f;
    p = p * z - 2.68538119e-2f;
    p = p * z + 0.112835851f;
    p = p * z - 0.376126258f;
    return p * z + 1.12837917f;
}

// The error function within 3 ulp; odd.
BITLATHE_ROW_MATH float erf32(float x) noexcept {
    const float magnitude = absolute32(x);
    const float bounded = magnitude > 10.0f ? 10.0f : magnitude;
    const float z = bounded * bounded;
    const float small = bounded * erfOverX32(z);
    const float large = 1.0f - exp32(-z) * scaledErfc32(bounded);
    const float either = bounded < 1.0f ? small : large;
    return x != x ? x : withSignOf(either, x);
}

// x · Φ(x), Φ the normal distribution: the exact Gelu. No cancellation on the negative side: within 20 ulp
// down to x = -4.
BITLATHE_ROW_MATH float gelu32(float x) noexcept {
    const float u = x * 0.707106781f, magnitude = absolute32(u);
    const float bounded = magnitude > 10.0f ? 10.0f : magnitude;
    const float z = bounded * bounded;
    const float tail = magnitude < 10.0f ? 0.5f * exp32(-z) * scaledErfc32(bounded) : 0.0f;  // Φ(-|x|)
    const float middle = 0.5f * bounded * erfOverX32(z);
    const float phi = bounded < 1.0f ? (u < 0.0f ? 0.5f - middle : 0.5f + middle) : (u < 0.0f ? tail : 1.0f - tail);
    return (x < -40.0f ? -40.0f : x) * phi;  // -infinity gives 0, not NaN
}

// The tanh form of Gelu.
BITLATHE_ROW_MATH float tanhGelu32(float x) noexcept {
    return 0.5f * x * (1.0f + tanh32(0.797884561f * (x + 0.044715f * x * x * x)));
}

// x · tanh(log(1 + e^x)) = x · e (e + 2) / (e (e + 2) + 2) with e = e^x; the factor is 1 in float32 from x = 20 on.
BITLATHE_ROW_MATH float mish32(float x) noexcept {
    const float e = exp32(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
}

}  // namespace bitlathe

#undef BITLATHE_ROW_MATH
