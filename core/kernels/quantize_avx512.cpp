#include "core/kernels/quantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 maskOf(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }

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

void quantizeBytesAvx512(const QuantizeTask& t) noexcept {
    const Rule r = ruleOf(t);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        _mm512_mask_cvtepi32_storeu_epi8(static_cast<std::uint8_t*>(t.y) + i, mask, codes(t.x + i, mask, r));
    }
}

void quantizeWordsAvx512(const QuantizeTask& t) noexcept {
    const Rule r = ruleOf(t);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        _mm512_mask_cvtepi32_storeu_epi16(static_cast<std::uint16_t*>(t.y) + i, mask, codes(t.x + i, mask, r));
    }
}

void dequantizeAvx512(const DequantizeTask& t) noexcept {
    const __m512 scale = _mm512_set1_ps(t.scale);
    const __m512i zero = _mm512_set1_epi32(t.zeroPoint);
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        const __m128i bytes = _mm_maskz_loadu_epi8(mask, t.codes + i);
        const __m512i code = t.isSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
        _mm512_mask_storeu_ps(t.y + i, mask, _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero)), scale));
    }
}

void dequantizeSumsAvx512(const SumsTask& t) noexcept {
    const __m512 one = _mm512_set1_ps(t.scales[0]);
    for (std::int64_t row = 0; row < t.rows; ++row)
        for (std::int64_t j = 0; j < t.columns; j += 16) {
            const __mmask16 mask = maskOf(t.columns - j);
            const std::int64_t at = row * t.columns + j;
            const __m512 scale = t.perColumn ? _mm512_maskz_loadu_ps(mask, t.scales + j) : one;
            const __m512 v = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, t.acc + at));
            _mm512_mask_storeu_ps(t.y + at, mask, _mm512_mul_ps(v, scale));
        }
}

}  // namespace bitlathe
