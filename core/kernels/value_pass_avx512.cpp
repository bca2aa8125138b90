#include "core/kernels/value_pass_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr int prefetchBytes = 12 * 1024;

INLINE __mmask16 maskOf(std::int64_t left) {
    return left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}
INLINE __m512 infinity() { return _mm512_set1_ps(__builtin_inff()); }
INLINE __mmask16 finiteLanes(__m512 v) { return _mm512_cmp_ps_mask(_mm512_abs_ps(v), infinity(), _CMP_LT_OQ); }
INLINE __m512 add4(const __m512 v[4]) { return _mm512_add_ps(_mm512_add_ps(v[0], v[1]), _mm512_add_ps(v[2], v[3])); }

// All of a piece. `careful`: elements may be not finite; they are left out.
INLINE void sumsOf(const float* x, int count, ValueLanes& lanes, const bool careful) {
    const __m512 zero = _mm512_setzero_ps();
    __m512 least = infinity(), low = least, high = _mm512_sub_ps(zero, least), sum = zero, magnitudes = zero, squares = zero;
    __m512i zeros = _mm512_setzero_si512(), notFinite = zeros;
    const __m512i minusOne = _mm512_set1_epi32(-1);
    for (int at = 0; at < count; at += 64) {
        __m512 v[4], a[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            const __mmask16 meant = maskOf(count - at - 16 * i);
            _mm_prefetch(reinterpret_cast<const char*>(x + at + 16 * i) + prefetchBytes, _MM_HINT_T0);
            v[i] = _mm512_maskz_loadu_ps(meant, x + at + 16 * i);
            __mmask16 counts = meant;
            if (careful) {
                counts &= finiteLanes(v[i]);
                notFinite = _mm512_mask_sub_epi32(notFinite, static_cast<__mmask16>(meant & ~counts), notFinite, minusOne);
                v[i] = _mm512_maskz_mov_ps(counts, v[i]);
            }
            a[i] = _mm512_abs_ps(v[i]);
            low = _mm512_mask_min_ps(low, counts, low, v[i]);
            high = _mm512_mask_max_ps(high, counts, high, v[i]);
            least = _mm512_mask_min_ps(least, counts, least, a[i]);
            zeros = _mm512_mask_sub_epi32(zeros, _mm512_mask_cmp_ps_mask(counts, v[i], zero, _CMP_EQ_OQ), zeros, minusOne);
        }
        sum = _mm512_add_ps(sum, add4(v));
        magnitudes = _mm512_add_ps(magnitudes, add4(a));
        squares = _mm512_add_ps(squares, _mm512_add_ps(_mm512_fmadd_ps(v[1], v[1], _mm512_mul_ps(v[0], v[0])),
                                                       _mm512_fmadd_ps(v[3], v[3], _mm512_mul_ps(v[2], v[2]))));
    }
    _mm512_storeu_ps(lanes.min, low);
    _mm512_storeu_ps(lanes.max, high);
    _mm512_storeu_ps(lanes.leastMagnitude, least);
    _mm512_storeu_ps(lanes.sum, sum);
    _mm512_storeu_ps(lanes.magnitudes, magnitudes);
    _mm512_storeu_ps(lanes.squares, squares);
    _mm512_storeu_si512(lanes.zeros, zeros);
    _mm512_storeu_si512(lanes.notFinite, notFinite);
}

}  // namespace

void valueSumsAvx512(const float* x, int count, ValueLanes& lanes) noexcept {
    sumsOf(x, count, lanes, false);
    // An element that is not finite shows in its lane; only then is the piece taken again, with care.
    if (finiteLanes(_mm512_loadu_ps(lanes.magnitudes)) != 0xffff) sumsOf(x, count, lanes, true);
}

void extremesAvx512(const float* x, std::int64_t count, float& min, float& max) noexcept {
    __m512 low = infinity(), high = _mm512_sub_ps(_mm512_setzero_ps(), low);
    for (std::int64_t i = 0; i < count; i += 16) {
        const __mmask16 meant = maskOf(count - i);
        _mm_prefetch(reinterpret_cast<const char*>(x + i) + prefetchBytes, _MM_HINT_T0);
        const __m512 v = _mm512_maskz_loadu_ps(meant, x + i);
        const __mmask16 counts = meant & finiteLanes(v);
        low = _mm512_mask_min_ps(low, counts, low, v);
        high = _mm512_mask_max_ps(high, counts, high, v);
    }
    min = _mm512_reduce_min_ps(low);
    max = _mm512_reduce_max_ps(high);
}

void binIndicesAvx512(const float* x, int count, bool magnitudes, float low, float perUnit, float bins,
                      std::uint16_t* index) noexcept {
    const __m512i keep = _mm512_set1_epi32(magnitudes ? 0x7fffffff : -1);
    const __m512i nowhere = _mm512_cvtps_epi32(_mm512_add_ps(_mm512_set1_ps(bins), _mm512_set1_ps(2.0f)));
    for (int i = 0; i < count; i += 16) {
        _mm_prefetch(reinterpret_cast<const char*>(x + i) + prefetchBytes, _MM_HINT_T0);
        const __m512 v = _mm512_maskz_loadu_ps(maskOf(count - i), x + i);
        const __m512 kept = _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(v), keep));
        __m512 t = _mm512_mul_ps(_mm512_sub_ps(kept, _mm512_set1_ps(low)), _mm512_set1_ps(perUnit));
        t = _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(-1.0f)), _mm512_set1_ps(bins));
        const __m512i bin = _mm512_cvt_roundps_epi32(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
        const __m512i y = _mm512_mask_add_epi32(nowhere, finiteLanes(v), bin, _mm512_set1_epi32(1));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(index + i), _mm512_cvtepi32_epi16(y));
    }
}

}  // namespace bitlathe
