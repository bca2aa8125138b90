#include "core/kernels/quantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 maskOf(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }

// Masked stores that narrow are slow, so whole vectors are narrowed first.
INLINE void storeBytes(std::uint8_t* y, __mmask16 mask, __m512i v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(v);
    if (mask == 0xffff) _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
    else _mm_mask_storeu_epi8(y, mask, bytes);
}

INLINE void storeWords(std::uint16_t* y, __mmask16 mask, __m512i v) {
    const __m256i words = _mm512_cvtepi32_epi16(v);
    if (mask == 0xffff) _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), words);
    else _mm256_mask_storeu_epi16(y, mask, words);
}

INLINE void storeFloats(float* y, __mmask16 mask, __m512 v) {
    if (mask == 0xffff) _mm512_storeu_ps(y, v);
    else _mm512_mask_storeu_ps(y, mask, v);
}

// Hardware alone does not hide the memory's latency behind short loops.
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p) + 4096, _MM_HINT_T0); }

struct Rule {
    __m512 scale, low, high;
    __m512i zero;
};

INLINE Rule ruleOf(const QuantizeTask& t) {
    return {_mm512_set1_ps(t.scale), _mm512_set1_ps(t.low), _mm512_set1_ps(t.high), _mm512_set1_epi32(t.zeroPoint)};
}

INLINE __m512i codes(const float* x, __mmask16 mask, const Rule& r) {
    __m512 v = _mm512_div_ps(_mm512_maskz_loadu_ps(mask, x), r.scale);
    v = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), v);
    v = _mm512_min_ps(_mm512_max_ps(v, r.low), r.high);
    return _mm512_add_epi32(_mm512_cvtps_epi32(v), r.zero);
}

}  // namespace

void quantizeBytesAvx512(const QuantizeTask& task) noexcept {
    const QuantizeTask t = task;  // what is stored cannot change it
    const Rule r = ruleOf(t);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        prefetch(t.x + i);
        storeBytes(static_cast<std::uint8_t*>(t.y) + i, mask, codes(t.x + i, mask, r));
    }
}

void quantizeWordsAvx512(const QuantizeTask& task) noexcept {
    const QuantizeTask t = task;  // what is stored cannot change it
    const Rule r = ruleOf(t);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        prefetch(t.x + i);
        storeWords(static_cast<std::uint16_t*>(t.y) + i, mask, codes(t.x + i, mask, r));
    }
}

void dequantizeAvx512(const DequantizeTask& task) noexcept {
    const DequantizeTask t = task;  // what is stored cannot change it
    const __m512 scale = _mm512_set1_ps(t.scale);
    const __m512i zero = _mm512_set1_epi32(t.zeroPoint);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        prefetch(t.codes + i);
        const __m128i bytes = _mm_maskz_loadu_epi8(mask, t.codes + i);
        const __m512i code = t.isSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
        storeFloats(t.y + i, mask, _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero)), scale));
    }
}

void dequantizeSumsAvx512(const SumsTask& task) noexcept {
    const SumsTask t = task;  // what is stored cannot change it
    const __m512 one = _mm512_set1_ps(t.scales[0]);
    for (std::int64_t row = 0; row < t.rows; ++row)
        for (std::int64_t j = 0; j < t.columns; j += 16) {
            const __mmask16 mask = maskOf(t.columns - j);
            const std::int64_t at = row * t.columns + j;
            const __m512 scale = t.perColumn ? _mm512_maskz_loadu_ps(mask, t.scales + j) : one;
            const __m512 v = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, t.acc + at));
            storeFloats(t.y + at, mask, _mm512_mul_ps(v, scale));
        }
}

}  // namespace bitlathe
