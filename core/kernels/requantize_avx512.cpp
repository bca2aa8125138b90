#include "core/kernels/requantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i rounded(const std::int32_t* acc, __m512 scale) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(acc)), scale));
}

// 64 columns of all rows. Scales below 1 keep every product within int32, so saturating packs clamp as the
// float rule does. Codes are handled unsigned: signed ones 128 higher.
INLINE void columns64(const RequantizeTask& t, std::int64_t j, const __m512 s[4]) {
    const std::int32_t low = static_cast<std::int32_t>(t.low) + t.zeroPoint, high = static_cast<std::int32_t>(t.high) + t.zeroPoint;
    const int lift = low < 0 ? 128 : 0;
    const __m512i zero = _mm512_set1_epi16(static_cast<short>(t.zeroPoint + lift));
    const __m512i lows = _mm512_set1_epi8(static_cast<char>(low + lift)), highs = _mm512_set1_epi8(static_cast<char>(high + lift));
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(lift));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (std::int64_t i = 0; i < t.rows; ++i) {
        const std::int32_t* acc = t.acc + i * t.accStride + j;
        const __m512i w0 = _mm512_packs_epi32(rounded(acc, s[0]), rounded(acc + 16, s[1]));
        const __m512i w1 = _mm512_packs_epi32(rounded(acc + 32, s[2]), rounded(acc + 48, s[3]));
        __m512i y = _mm512_packus_epi16(_mm512_adds_epi16(w0, zero), _mm512_adds_epi16(w1, zero));
        y = _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(y, lows), highs), flip);
        _mm512_storeu_si512(t.y + i * t.yStride + j, _mm512_permutexvar_epi32(order, y));
    }
}

// Masked stores that narrow are slow, so whole vectors are narrowed first.
INLINE void storeBytes(std::uint8_t* y, __mmask16 mask, __m512i v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(v);
    if (mask == 0xffff) _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
    else _mm_mask_storeu_epi8(y, mask, bytes);
}

// Up to 16 columns of all rows, for any scale.
INLINE void columns16(const RequantizeTask& t, std::int64_t j, __mmask16 mask, __m512 scale) {
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
    const __m512i zero = _mm512_set1_epi32(t.zeroPoint);
    for (std::int64_t i = 0; i < t.rows; ++i) {
        __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, t.acc + i * t.accStride + j)), scale);
        v = _mm512_min_ps(_mm512_max_ps(v, low), high);
        storeBytes(t.y + i * t.yStride + j, mask, _mm512_add_epi32(_mm512_cvtps_epi32(v), zero));
    }
}

}  // namespace

void requantizeAvx512(const RequantizeTask& t) noexcept {
    const __m512 one = _mm512_set1_ps(t.scales[0]);
    std::int64_t j = 0;
    for (; j + 64 <= t.columns; j += 64) {
        __m512 s[4] = {one, one, one, one};
        if (t.perColumn) {
            s[0] = _mm512_loadu_ps(t.scales + j);
            s[1] = _mm512_loadu_ps(t.scales + j + 16);
            s[2] = _mm512_loadu_ps(t.scales + j + 32);
            s[3] = _mm512_loadu_ps(t.scales + j + 48);
        }
        const __m512 largest = _mm512_max_ps(_mm512_max_ps(s[0], s[1]), _mm512_max_ps(s[2], s[3]));
        if (_mm512_cmp_ps_mask(largest, _mm512_set1_ps(1.0f), _CMP_NLT_UQ)) break;
        columns64(t, j, s);
    }
    for (; j < t.columns; j += 16) {
        const std::int64_t left = t.columns - j;
        const __mmask16 mask = left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1);
        columns16(t, j, mask, t.perColumn ? _mm512_maskz_loadu_ps(mask, t.scales + j) : one);
    }
}

}  // namespace bitlathe
