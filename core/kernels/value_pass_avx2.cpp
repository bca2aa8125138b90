#include "core/kernels/value_pass_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr int prefetchBytes = 12 * 1024;

// All ones in the lanes below `count`.
INLINE __m256i lanesBelow(std::int64_t count) {
    const auto n = static_cast<std::int32_t>(count > 8 ? 8 : count);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE __m256 infinity() { return _mm256_set1_ps(__builtin_inff()); }
INLINE __m256 magnitude(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
INLINE __m256 finiteLanes(__m256 v) { return _mm256_cmp_ps(magnitude(v), infinity(), _CMP_LT_OQ); }
INLINE __m256 add4(const __m256 v[4]) { return _mm256_add_ps(_mm256_add_ps(v[0], v[1]), _mm256_add_ps(v[2], v[3])); }

// Lanes 0..7 (half 0) or 8..15 (half 1) of a piece; elements that are not finite are left out.
INLINE void halfOf(const float* x, int count, const int half, ValueLanes& lanes) {
    const __m256 zero = _mm256_setzero_ps(), none = infinity(), minusNone = _mm256_sub_ps(zero, none);
    __m256 least = none, low = none, high = minusNone, sum = zero, magnitudes = zero, squares = zero;
    __m256i zeros = _mm256_setzero_si256(), notFinite = zeros;
    for (int at = 8 * half; at < count; at += 64) {
        __m256 v[4], a[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            const __m256i meant = lanesBelow(count - at - 16 * i);
            _mm_prefetch(reinterpret_cast<const char*>(x + at + 16 * i) + prefetchBytes, _MM_HINT_T0);
            v[i] = _mm256_maskload_ps(x + at + 16 * i, meant);
            const __m256 counts = _mm256_and_ps(finiteLanes(v[i]), _mm256_castsi256_ps(meant));
            notFinite = _mm256_sub_epi32(notFinite, _mm256_andnot_si256(_mm256_castps_si256(counts), meant));
            v[i] = _mm256_and_ps(v[i], counts);
            a[i] = magnitude(v[i]);
            low = _mm256_min_ps(low, _mm256_blendv_ps(none, v[i], counts));
            high = _mm256_max_ps(high, _mm256_blendv_ps(minusNone, v[i], counts));
            least = _mm256_min_ps(least, _mm256_blendv_ps(none, a[i], counts));
            zeros = _mm256_sub_epi32(zeros, _mm256_castps_si256(_mm256_and_ps(_mm256_cmp_ps(v[i], zero, _CMP_EQ_OQ), counts)));
        }
        sum = _mm256_add_ps(sum, add4(v));
        magnitudes = _mm256_add_ps(magnitudes, add4(a));
        squares = _mm256_add_ps(squares, _mm256_add_ps(_mm256_fmadd_ps(v[1], v[1], _mm256_mul_ps(v[0], v[0])),
                                                       _mm256_fmadd_ps(v[3], v[3], _mm256_mul_ps(v[2], v[2]))));
    }
    _mm256_storeu_ps(lanes.min + 8 * half, low);
    _mm256_storeu_ps(lanes.max + 8 * half, high);
    _mm256_storeu_ps(lanes.leastMagnitude + 8 * half, least);
    _mm256_storeu_ps(lanes.sum + 8 * half, sum);
    _mm256_storeu_ps(lanes.magnitudes + 8 * half, magnitudes);
    _mm256_storeu_ps(lanes.squares + 8 * half, squares);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.zeros + 8 * half), zeros);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.notFinite + 8 * half), notFinite);
}

}  // namespace

void valueSumsAvx2(const float* x, int count, ValueLanes& lanes) noexcept {
    halfOf(x, count, 0, lanes);
    halfOf(x, count, 1, lanes);
}

void extremesAvx2(const float* x, std::int64_t count, float& min, float& max) noexcept {
    const __m256 none = infinity(), minusNone = _mm256_sub_ps(_mm256_setzero_ps(), none);
    __m256 low = none, high = minusNone;
    for (std::int64_t i = 0; i < count; i += 8) {
        const __m256i meant = lanesBelow(count - i);
        _mm_prefetch(reinterpret_cast<const char*>(x + i) + prefetchBytes, _MM_HINT_T0);
        const __m256 v = _mm256_maskload_ps(x + i, meant);
        const __m256 counts = _mm256_and_ps(finiteLanes(v), _mm256_castsi256_ps(meant));
        low = _mm256_min_ps(low, _mm256_blendv_ps(none, v, counts));
        high = _mm256_max_ps(high, _mm256_blendv_ps(minusNone, v, counts));
    }
    alignas(32) float lows[8], highs[8];
    _mm256_store_ps(lows, low);
    _mm256_store_ps(highs, high);
    min = lows[0];
    max = highs[0];
    for (int i = 1; i < 8; ++i) {
        min = lows[i] < min ? lows[i] : min;
        max = highs[i] > max ? highs[i] : max;
    }
}

void binIndicesAvx2(const float* x, int count, bool magnitudes, float low, float perUnit, float bins,
                    std::uint16_t* index) noexcept {
    const __m256 keep = _mm256_castsi256_ps(_mm256_set1_epi32(magnitudes ? 0x7fffffff : -1));
    const __m256 nowhere = _mm256_set1_ps(bins + 1.0f);
    for (int i = 0; i < count; i += 8) {
        _mm_prefetch(reinterpret_cast<const char*>(x + i) + prefetchBytes, _MM_HINT_T0);
        const __m256 v = _mm256_maskload_ps(x + i, lanesBelow(count - i));
        __m256 t = _mm256_mul_ps(_mm256_sub_ps(_mm256_and_ps(v, keep), _mm256_set1_ps(low)), _mm256_set1_ps(perUnit));
        t = _mm256_min_ps(_mm256_max_ps(t, _mm256_set1_ps(-1.0f)), _mm256_set1_ps(bins));
        t = _mm256_round_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
        t = _mm256_blendv_ps(nowhere, t, finiteLanes(v));
        const __m256i y = _mm256_add_epi32(_mm256_cvtps_epi32(t), _mm256_set1_epi32(1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(index + i),
                         _mm_packus_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1)));
    }
}

}  // namespace bitlathe
