#include "core/kernels/quantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// Hardware alone does not hide the memory's latency behind short loops.
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p) + 4096, _MM_HINT_T0); }

struct Rule {
    __m256 scale, low, high;
    __m256i zero;
};

INLINE Rule ruleOf(const QuantizeTask& t) {
    return {_mm256_set1_ps(t.scale), _mm256_set1_ps(t.low), _mm256_set1_ps(t.high), _mm256_set1_epi32(t.zeroPoint)};
}

INLINE __m256i codes(__m256 x, const Rule& r) {
    __m256 v = _mm256_div_ps(x, r.scale);
    v = _mm256_and_ps(v, _mm256_cmp_ps(v, v, _CMP_ORD_Q));
    v = _mm256_min_ps(_mm256_max_ps(v, r.low), r.high);
    return _mm256_add_epi32(_mm256_cvtps_epi32(v), r.zero);
}

// Eight 32-bit codes as eight words, cut to `keep` bits.
INLINE __m128i words(__m256i code, __m256i keep) {
    code = _mm256_and_si256(code, keep);
    return _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
}

// Lanes below `count`.
INLINE __m256i lanes(std::int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<std::int32_t>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace

void quantizeBytesAvx2(const QuantizeTask& task) noexcept {
    const QuantizeTask t = task;  // what is stored cannot change it
    const Rule r = ruleOf(t);
    const __m256i keep = _mm256_set1_epi32(0xff);
    auto* y = static_cast<std::uint8_t*>(t.y);
    std::int64_t i = 0;
    for (; i + 16 <= t.count; i += 16) {
        prefetch(t.x + i);
        const __m128i low = words(codes(_mm256_loadu_ps(t.x + i), r), keep);
        const __m128i high = words(codes(_mm256_loadu_ps(t.x + i + 8), r), keep);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), _mm_packus_epi16(low, high));
    }
    for (; i < t.count; i += 8) {
        const std::int64_t left = t.count - i < 8 ? t.count - i : 8;
        alignas(16) std::uint16_t tail[8];
        _mm_store_si128(reinterpret_cast<__m128i*>(tail), words(codes(_mm256_maskload_ps(t.x + i, lanes(left)), r), keep));
        for (std::int64_t j = 0; j < left; ++j) y[i + j] = static_cast<std::uint8_t>(tail[j]);
    }
}

void quantizeWordsAvx2(const QuantizeTask& task) noexcept {
    const QuantizeTask t = task;  // what is stored cannot change it
    const Rule r = ruleOf(t);
    const __m256i keep = _mm256_set1_epi32(0xffff);
    auto* y = static_cast<std::uint16_t*>(t.y);
    for (std::int64_t i = 0; i < t.count; i += 8) {
        const std::int64_t left = t.count - i < 8 ? t.count - i : 8;
        const __m128i w = words(codes(_mm256_maskload_ps(t.x + i, lanes(left)), r), keep);
        if (left == 8) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), w);
        } else {
            alignas(16) std::uint16_t tail[8];
            _mm_store_si128(reinterpret_cast<__m128i*>(tail), w);
            for (std::int64_t j = 0; j < left; ++j) y[i + j] = tail[j];
        }
    }
}

void dequantizeAvx2(const DequantizeTask& task) noexcept {
    const DequantizeTask t = task;  // what is stored cannot change it
    const __m256 scale = _mm256_set1_ps(t.scale);
    const __m256i zero = _mm256_set1_epi32(t.zeroPoint);
    for (std::int64_t i = 0; i < t.count; i += 8) {
        const std::int64_t left = t.count - i < 8 ? t.count - i : 8;
        __m128i bytes;
        if (left == 8) {
            prefetch(t.codes + i);
            bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(t.codes + i));
        } else {
            alignas(16) std::uint8_t tail[16] = {};
            for (std::int64_t j = 0; j < left; ++j) tail[j] = t.codes[i + j];
            bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(tail));
        }
        const __m256i code = t.isSigned ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
        _mm256_maskstore_ps(t.y + i, lanes(left), _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(code, zero)), scale));
    }
}

void dequantizeSumsAvx2(const SumsTask& task) noexcept {
    const SumsTask t = task;  // what is stored cannot change it
    const __m256 one = _mm256_set1_ps(t.scales[0]);
    for (std::int64_t row = 0; row < t.rows; ++row)
        for (std::int64_t j = 0; j < t.columns; j += 8) {
            const __m256i mask = lanes(t.columns - j < 8 ? t.columns - j : 8);
            const std::int64_t at = row * t.columns + j;
            const __m256 scale = t.perColumn ? _mm256_maskload_ps(t.scales + j, mask) : one;
            const __m256 v = _mm256_cvtepi32_ps(_mm256_maskload_epi32(t.acc + at, mask));
            _mm256_maskstore_ps(t.y + at, mask, _mm256_mul_ps(v, scale));
        }
}

}  // namespace bitlathe
