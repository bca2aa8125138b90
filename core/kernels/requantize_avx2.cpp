#include "core/kernels/requantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

struct Rule {
    __m256 low, high;
    __m256i zero;
};

INLINE __m256i codes8(const std::int32_t* acc, __m256 scale, const Rule& r) {
    __m256 v = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc)));
    v = _mm256_min_ps(_mm256_max_ps(_mm256_mul_ps(v, scale), r.low), r.high);
    return _mm256_add_epi32(_mm256_cvtps_epi32(v), r.zero);
}

INLINE std::uint8_t code1(std::int32_t acc, float scale, const Rule& r) {
    __m128 v = _mm_cvtsi32_ss(_mm_setzero_ps(), acc);
    v = _mm_mul_ss(v, _mm_set_ss(scale));
    v = _mm_min_ss(_mm_max_ss(v, _mm256_castps256_ps128(r.low)), _mm256_castps256_ps128(r.high));
    return static_cast<std::uint8_t>(_mm_cvtss_si32(v) + _mm256_extract_epi32(r.zero, 0));
}

}  // namespace

void requantizeAvx2(const RequantizeTask& t) noexcept {
    const Rule r{_mm256_set1_ps(t.low), _mm256_set1_ps(t.high), _mm256_set1_epi32(t.zeroPoint)};
    const __m256i bytes = _mm256_set1_epi32(0xff);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (std::int64_t i = 0; i < t.rows; ++i) {
        const std::int32_t* acc = t.acc + i * t.accStride;
        std::uint8_t* y = t.y + i * t.yStride;
        __m256 s0 = _mm256_set1_ps(t.scales[0]), s1 = s0, s2 = s0, s3 = s0;
        std::int64_t j = 0;
        for (; j + 32 <= t.columns; j += 32) {
            if (t.perColumn) {
                s0 = _mm256_loadu_ps(t.scales + j);
                s1 = _mm256_loadu_ps(t.scales + j + 8);
                s2 = _mm256_loadu_ps(t.scales + j + 16);
                s3 = _mm256_loadu_ps(t.scales + j + 24);
            }
            // Signed codes are cut to their byte first, so that one unsigned pack serves both.
            const __m256i c0 = _mm256_and_si256(codes8(acc + j, s0, r), bytes);
            const __m256i c1 = _mm256_and_si256(codes8(acc + j + 8, s1, r), bytes);
            const __m256i c2 = _mm256_and_si256(codes8(acc + j + 16, s2, r), bytes);
            const __m256i c3 = _mm256_and_si256(codes8(acc + j + 24, s3, r), bytes);
            const __m256i packed = _mm256_packus_epi16(_mm256_packus_epi32(c0, c1), _mm256_packus_epi32(c2, c3));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + j), _mm256_permutevar8x32_epi32(packed, order));
        }
        for (; j < t.columns; ++j) y[j] = code1(acc[j], t.scales[t.perColumn ? j : 0], r);
    }
}

}  // namespace bitlathe
