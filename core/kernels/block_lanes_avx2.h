// block_lanes.h with AVX2 and F16C: a pair of registers.
#pragma once

#include <cstdint>
#include <immintrin.h>

#define LANES_INLINE [[gnu::always_inline]] inline

namespace bitlathe {
namespace {

struct Floats {
    __m256 a, b;
};
struct Ints {
    __m256i a, b;
};
struct Mask {
    __m256 a, b;
};

LANES_INLINE Floats load(const float* x) { return {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)}; }
LANES_INLINE void store(float* y, Floats x) {
    _mm256_storeu_ps(y, x.a);
    _mm256_storeu_ps(y + 8, x.b);
}
LANES_INLINE Floats all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
LANES_INLINE Floats operator+(Floats x, Floats y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
LANES_INLINE Floats operator-(Floats x, Floats y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
LANES_INLINE Floats operator*(Floats x, Floats y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
LANES_INLINE Floats operator/(Floats x, Floats y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
LANES_INLINE Floats operator-(Floats x) { return {_mm256_xor_ps(x.a, _mm256_set1_ps(-0.0f)), _mm256_xor_ps(x.b, _mm256_set1_ps(-0.0f))}; }
LANES_INLINE Mask operator<(Floats x, Floats y) { return {_mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ)}; }
LANES_INLINE Mask operator>(Floats x, Floats y) { return {_mm256_cmp_ps(x.a, y.a, _CMP_GT_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_GT_OQ)}; }
LANES_INLINE Mask operator<=(Floats x, Floats y) { return {_mm256_cmp_ps(x.a, y.a, _CMP_LE_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_LE_OQ)}; }
LANES_INLINE Mask operator>=(Floats x, Floats y) { return {_mm256_cmp_ps(x.a, y.a, _CMP_GE_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_GE_OQ)}; }
LANES_INLINE Mask operator!=(Floats x, Floats y) { return {_mm256_cmp_ps(x.a, y.a, _CMP_NEQ_UQ), _mm256_cmp_ps(x.b, y.b, _CMP_NEQ_UQ)}; }
LANES_INLINE Mask operator&(Mask x, Mask y) { return {_mm256_and_ps(x.a, y.a), _mm256_and_ps(x.b, y.b)}; }
LANES_INLINE Mask either(Mask x, Mask y) { return {_mm256_or_ps(x.a, y.a), _mm256_or_ps(x.b, y.b)}; }
LANES_INLINE Mask operator~(Mask x) {
    const __m256 ones = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
    return {_mm256_xor_ps(x.a, ones), _mm256_xor_ps(x.b, ones)};
}
LANES_INLINE bool any(Mask x) { return (_mm256_movemask_ps(x.a) | _mm256_movemask_ps(x.b)) != 0; }
LANES_INLINE Floats choose(Mask m, Floats yes, Floats no) { return {_mm256_blendv_ps(no.a, yes.a, m.a), _mm256_blendv_ps(no.b, yes.b, m.b)}; }
LANES_INLINE Floats larger(Floats x, Floats y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
LANES_INLINE Floats smaller(Floats x, Floats y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
LANES_INLINE Floats magnitude(Floats x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
LANES_INLINE Floats root(Floats x) { return {_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)}; }
LANES_INLINE Floats nearest(Floats x) {
    return {_mm256_round_ps(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), _mm256_round_ps(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
LANES_INLINE Floats withSignOf(Floats x, Floats s) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_or_ps(_mm256_andnot_ps(sign, x.a), _mm256_and_ps(sign, s.a)), _mm256_or_ps(_mm256_andnot_ps(sign, x.b), _mm256_and_ps(sign, s.b))};
}

LANES_INLINE Ints toInts(Floats x) { return {_mm256_cvttps_epi32(x.a), _mm256_cvttps_epi32(x.b)}; }
LANES_INLINE Floats toFloats(Ints x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
LANES_INLINE Ints allInts(std::int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
LANES_INLINE Ints joinedNibbles(Ints low, Ints high) {
    const __m256i nibble = _mm256_set1_epi32(15);
    return {_mm256_or_si256(_mm256_and_si256(low.a, nibble), _mm256_slli_epi32(high.a, 4)), _mm256_or_si256(_mm256_and_si256(low.b, nibble), _mm256_slli_epi32(high.b, 4))};
}
LANES_INLINE std::uint32_t bitOfLanes(Ints x, int bit) {
    const auto of = [=](__m256i v) { return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32(v, 31 - bit)))); };
    return of(x.a) | of(x.b) << 8;
}
LANES_INLINE Ints addWhere(Ints x, Mask m, std::int32_t y) {
    const __m256i by = _mm256_set1_epi32(y);
    return {_mm256_add_epi32(x.a, _mm256_and_si256(_mm256_castps_si256(m.a), by)), _mm256_add_epi32(x.b, _mm256_and_si256(_mm256_castps_si256(m.b), by))};
}
LANES_INLINE Ints loadBytes(const std::uint8_t* x) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return {_mm256_cvtepu8_epi32(bytes), _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8))};
}
LANES_INLINE Ints loadSignedBytes(const std::uint8_t* x) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return {_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))};
}
LANES_INLINE void storeLowBytes(std::uint8_t* y, Ints x) {
    const __m256i low = _mm256_set1_epi32(255);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(_mm256_and_si256(x.a, low), _mm256_and_si256(x.b, low)), 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}

LANES_INLINE Floats lookUp32(const float* table, Ints index) {
    const __m256i low = _mm256_set1_epi32(31);
    return {_mm256_i32gather_ps(table, _mm256_and_si256(index.a, low), 4), _mm256_i32gather_ps(table, _mm256_and_si256(index.b, low), 4)};
}
LANES_INLINE Ints lookUp32(const std::int32_t* table, Ints index) {
    const __m256i low = _mm256_set1_epi32(31);
    return {_mm256_i32gather_epi32(table, _mm256_and_si256(index.a, low), 4), _mm256_i32gather_epi32(table, _mm256_and_si256(index.b, low), 4)};
}
LANES_INLINE Floats lookUp16(const float* table, Ints index) {
    const __m256 first = _mm256_loadu_ps(table), second = _mm256_loadu_ps(table + 8);
    const auto one = [&](__m256i i) {
        return _mm256_blendv_ps(_mm256_permutevar8x32_ps(first, i), _mm256_permutevar8x32_ps(second, i), _mm256_castsi256_ps(_mm256_slli_epi32(i, 28)));
    };
    return {one(index.a), one(index.b)};
}

LANES_INLINE void storeHalves(std::uint16_t* y, Floats x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 8), _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT));
}
LANES_INLINE Floats loadHalves(const std::uint16_t* x) {
    return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))), _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + 8)))};
}
LANES_INLINE Floats asHalves(Floats x) {
    return {_mm256_cvtph_ps(_mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT)), _mm256_cvtph_ps(_mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT))};
}

LANES_INLINE std::uint32_t largestLane(Ints x) {
    const __m256i two = _mm256_max_epu32(x.a, x.b);
    __m128i m = _mm_max_epu32(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4E));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0xB1));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(m));
}
LANES_INLINE Ints largerUnsigned(Ints x, Ints y) { return {_mm256_max_epu32(x.a, y.a), _mm256_max_epu32(x.b, y.b)}; }
LANES_INLINE Ints magnitudeBits(Floats x) {
    const Floats m = magnitude(x);
    return {_mm256_castps_si256(m.a), _mm256_castps_si256(m.b)};
}

template <bool Largest>
LANES_INLINE Floats extremeOfEach(Floats* x) {
    const auto of = [](__m256 p, __m256 q) { return Largest ? _mm256_max_ps(p, q) : _mm256_min_ps(p, q); };
    const auto eight = [&](const Floats* y) {
        __m256 v[8];
        for (int i = 0; i < 8; ++i) v[i] = of(y[i].a, y[i].b);
        for (int i = 0; i < 4; ++i) v[i] = of(_mm256_permute2f128_ps(v[i], v[i + 4], 0x20), _mm256_permute2f128_ps(v[i], v[i + 4], 0x31));
        for (int i = 0; i < 4; i += 2) v[i] = of(_mm256_unpacklo_ps(v[i], v[i + 1]), _mm256_unpackhi_ps(v[i], v[i + 1]));
        return of(_mm256_shuffle_ps(v[0], v[2], 0x44), _mm256_shuffle_ps(v[0], v[2], 0xEE));
    };
    return {eight(x), eight(x + 8)};
}

LANES_INLINE void transpose8(const float* const* from, int first, float* to) {
    __m256 a[8], b[8];
    for (int i = 0; i < 4; ++i) {  // rows i and i + 4 share a register
        a[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from[i] + first)), _mm_loadu_ps(from[i + 4] + first), 1);
        a[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from[i] + first + 4)), _mm_loadu_ps(from[i + 4] + first + 4), 1);
    }
    for (int h = 0; h < 8; h += 4) {
        b[h] = _mm256_unpacklo_ps(a[h], a[h + 1]);
        b[h + 1] = _mm256_unpackhi_ps(a[h], a[h + 1]);
        b[h + 2] = _mm256_unpacklo_ps(a[h + 2], a[h + 3]);
        b[h + 3] = _mm256_unpackhi_ps(a[h + 2], a[h + 3]);
        _mm256_storeu_ps(to + 16 * h, _mm256_shuffle_ps(b[h], b[h + 2], 0x44));
        _mm256_storeu_ps(to + 16 * (h + 1), _mm256_shuffle_ps(b[h], b[h + 2], 0xEE));
        _mm256_storeu_ps(to + 16 * (h + 2), _mm256_shuffle_ps(b[h + 1], b[h + 3], 0x44));
        _mm256_storeu_ps(to + 16 * (h + 3), _mm256_shuffle_ps(b[h + 1], b[h + 3], 0xEE));
    }
}
LANES_INLINE void transpose16(const float* const* from, float* to) {
    for (int rows = 0; rows < 16; rows += 8)
        for (int first = 0; first < 16; first += 8) transpose8(from + rows, first, to + 16 * first + rows);
}

}  // namespace
}  // namespace bitlathe
