// block_lanes.h with AVX-512.
#pragma once

#include <cstdint>
#include <immintrin.h>

#define LANES_INLINE [[gnu::always_inline]] inline

namespace bitlathe {
namespace {

struct Floats {
    __m512 v;
};
struct Ints {
    __m512i v;
};
struct Mask {
    __mmask16 v;
};

LANES_INLINE Floats load(const float* x) { return {_mm512_loadu_ps(x)}; }
LANES_INLINE void store(float* y, Floats a) { _mm512_storeu_ps(y, a.v); }
LANES_INLINE Floats all(float x) { return {_mm512_set1_ps(x)}; }
LANES_INLINE Floats operator+(Floats a, Floats b) { return {_mm512_add_ps(a.v, b.v)}; }
LANES_INLINE Floats operator-(Floats a, Floats b) { return {_mm512_sub_ps(a.v, b.v)}; }
LANES_INLINE Floats operator*(Floats a, Floats b) { return {_mm512_mul_ps(a.v, b.v)}; }
LANES_INLINE Floats operator/(Floats a, Floats b) { return {_mm512_div_ps(a.v, b.v)}; }
LANES_INLINE Floats operator-(Floats a) { return {_mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MIN)))}; }
LANES_INLINE Mask operator<(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
LANES_INLINE Mask operator>(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
LANES_INLINE Mask operator<=(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
LANES_INLINE Mask operator>=(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ)}; }
LANES_INLINE Mask operator!=(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_NEQ_UQ)}; }
LANES_INLINE Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.v & b.v)}; }
LANES_INLINE Mask either(Mask a, Mask b) { return {static_cast<__mmask16>(a.v | b.v)}; }
LANES_INLINE Mask operator~(Mask a) { return {static_cast<__mmask16>(~a.v)}; }
LANES_INLINE bool any(Mask a) { return a.v != 0; }
LANES_INLINE Floats choose(Mask m, Floats yes, Floats no) { return {_mm512_mask_blend_ps(m.v, no.v, yes.v)}; }
// a > b ? a : b, a < b ? a : b: b where one is NaN.
LANES_INLINE Floats larger(Floats a, Floats b) { return {_mm512_max_ps(a.v, b.v)}; }
LANES_INLINE Floats smaller(Floats a, Floats b) { return {_mm512_min_ps(a.v, b.v)}; }
LANES_INLINE Floats magnitude(Floats a) { return {_mm512_abs_ps(a.v)}; }
LANES_INLINE Floats root(Floats a) { return {_mm512_sqrt_ps(a.v)}; }
// To the nearest whole number, ties to even; magnitudes below 2^22.
LANES_INLINE Floats nearest(Floats a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
LANES_INLINE Floats withSignOf(Floats a, Floats sign) {
    return {_mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(a.v), _mm512_castps_si512(sign.v), _mm512_set1_epi32(INT32_MIN), 0xD8))};
}

// Cut off; NaN and what is too large: INT32_MIN.
LANES_INLINE Ints toInts(Floats a) { return {_mm512_cvttps_epi32(a.v)}; }
LANES_INLINE Floats toFloats(Ints a) { return {_mm512_cvtepi32_ps(a.v)}; }
LANES_INLINE Ints allInts(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
// The low four bits of both, in the lowest byte; what lies above them is not to be looked at.
LANES_INLINE Ints joinedNibbles(Ints low, Ints high) { return {_mm512_or_si512(_mm512_and_si512(low.v, _mm512_set1_epi32(15)), _mm512_slli_epi32(high.v, 4))}; }
// Bit `bit` of every lane.
LANES_INLINE std::uint32_t bitOfLanes(Ints a, int bit) { return _mm512_test_epi32_mask(a.v, _mm512_set1_epi32(1 << bit)); }
LANES_INLINE Ints addWhere(Ints a, Mask m, std::int32_t x) { return {_mm512_mask_add_epi32(a.v, m.v, a.v, _mm512_set1_epi32(x))}; }
LANES_INLINE Ints loadBytes(const std::uint8_t* x) { return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)))}; }
LANES_INLINE Ints loadSignedBytes(const std::uint8_t* x) { return {_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)))}; }
LANES_INLINE void storeLowBytes(std::uint8_t* y, Ints a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm512_cvtepi32_epi8(a.v)); }

// Lane i: table[index of lane i], index 0 … 31 (only its low bits count) or 0 … 15.
LANES_INLINE Floats lookUp32(const float* table, Ints index) {
    return {_mm512_permutex2var_ps(_mm512_loadu_ps(table), index.v, _mm512_loadu_ps(table + 16))};
}
LANES_INLINE Ints lookUp32(const std::int32_t* table, Ints index) {
    return {_mm512_permutex2var_epi32(_mm512_loadu_si512(table), index.v, _mm512_loadu_si512(table + 16))};
}
LANES_INLINE Floats lookUp16(const float* table, Ints index) { return {_mm512_permutexvar_ps(index.v, _mm512_loadu_ps(table))}; }

LANES_INLINE void storeHalves(std::uint16_t* y, Floats a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT));
}
LANES_INLINE Floats loadHalves(const std::uint16_t* x) { return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)))}; }
LANES_INLINE Floats asHalves(Floats a) { return {_mm512_cvtph_ps(_mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT))}; }

LANES_INLINE std::uint32_t largestLane(Ints a) { return _mm512_reduce_max_epu32(a.v); }
LANES_INLINE Ints largerUnsigned(Ints a, Ints b) { return {_mm512_max_epu32(a.v, b.v)}; }
LANES_INLINE Ints magnitudeBits(Floats a) { return {_mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MAX))}; }

// Lane i: the largest, or smallest, of a[i]'s lanes.
template <bool Largest>
LANES_INLINE Floats extremeOfEach(Floats* a) {
    const auto of = [](__m512 x, __m512 y) { return Largest ? _mm512_max_ps(x, y) : _mm512_min_ps(x, y); };
    for (int i = 0; i < 8; ++i) a[i].v = of(_mm512_shuffle_f32x4(a[i].v, a[i + 8].v, 0x44), _mm512_shuffle_f32x4(a[i].v, a[i + 8].v, 0xEE));
    for (int i = 0; i < 4; ++i) a[i].v = of(_mm512_shuffle_f32x4(a[i].v, a[i + 4].v, 0x88), _mm512_shuffle_f32x4(a[i].v, a[i + 4].v, 0xDD));
    for (int i = 0; i < 4; i += 2) a[i].v = of(_mm512_unpacklo_ps(a[i].v, a[i + 1].v), _mm512_unpackhi_ps(a[i].v, a[i + 1].v));
    const __m512 mixed = of(_mm512_shuffle_ps(a[0].v, a[2].v, 0x44), _mm512_shuffle_ps(a[0].v, a[2].v, 0xEE));
    return {_mm512_shuffle_f32x4(mixed, mixed, 0xD8)};
}

// to[16 · j + i] = from[i][j] for i, j < 16.
LANES_INLINE void transpose16(const float* const* from, float* to) {
    __m512 a[16], b[16];
    for (int i = 0; i < 16; ++i) a[i] = _mm512_loadu_ps(from[i]);
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; ++k) {
            a[i + 2 * k] = _mm512_shuffle_ps(b[i + k], b[i + k + 2], 0x44);
            a[i + 2 * k + 1] = _mm512_shuffle_ps(b[i + k], b[i + k + 2], 0xEE);
        }
    for (int i = 0; i < 16; i += 8)
        for (int k = 0; k < 4; ++k) {
            b[i + k] = _mm512_shuffle_f32x4(a[i + k], a[i + k + 4], 0x88);
            b[i + k + 4] = _mm512_shuffle_f32x4(a[i + k], a[i + k + 4], 0xDD);
        }
    for (int k = 0; k < 4; ++k) {
        _mm512_storeu_ps(to + 16 * k, _mm512_shuffle_f32x4(b[k], b[k + 8], 0x88));
        _mm512_storeu_ps(to + 16 * (k + 8), _mm512_shuffle_f32x4(b[k], b[k + 8], 0xDD));
        _mm512_storeu_ps(to + 16 * (k + 4), _mm512_shuffle_f32x4(b[k + 4], b[k + 12], 0x88));
        _mm512_storeu_ps(to + 16 * (k + 12), _mm512_shuffle_f32x4(b[k + 4], b[k + 12], 0xDD));
    }
}

}  // namespace
}  // namespace bitlathe
