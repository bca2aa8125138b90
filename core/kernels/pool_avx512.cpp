#include "core/kernels/pool_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 mask16(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }

INLINE __m512i integers(const std::uint8_t* codes, __mmask16 mask, bool isSigned) {
    const __m128i bytes = _mm_maskz_loadu_epi8(mask, codes);
    return isSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

// Masked stores that narrow are slow, so whole vectors are narrowed first.
INLINE void storeBytes(std::uint8_t* y, __mmask16 mask, __m512i v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(v);
    if (mask == 0xffff) _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
    else _mm_mask_storeu_epi8(y, mask, bytes);
}

}  // namespace

void maxPoolAvx512(const PoolTile& t) noexcept {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(t.isSigned ? 0x80 : 0));
    for (int i = 0; i < t.pixels; ++i)
        for (std::int64_t c = 0; c < t.channels; c += 64) {
            const std::int64_t left = t.channels - c;
            const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
            __m512i best = _mm512_setzero_si512();
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const __m512i x = _mm512_maskz_loadu_epi8(mask, t.rows[tap * t.rowsStride + i] + c);
                best = _mm512_max_epu8(best, _mm512_xor_si512(x, flip));
            }
            _mm512_mask_storeu_epi8(t.y + i * t.yStride + c, mask, _mm512_xor_si512(best, flip));
        }
}

void averagePoolAvx512(const PoolTile& t) noexcept {
    const __m512 xScale = _mm512_set1_ps(t.xScale), yScale = _mm512_set1_ps(t.yScale), yZero = _mm512_set1_ps(t.yZero);
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
    const __m512i xZero = _mm512_set1_epi32(t.xZero), flip = _mm512_set1_epi32(t.isSigned ? 0x80 : 0);
    for (int i = 0; i < t.pixels; ++i)
        for (std::int64_t c = 0; c < t.channels; c += 16) {
            const __mmask16 mask = mask16(t.channels - c);
            __m512 sum = _mm512_setzero_ps();
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const __m512i code = integers(t.rows[tap * t.rowsStride + i] + c, mask, t.isSigned);
                sum = _mm512_add_ps(sum, _mm512_mul_ps(xScale, _mm512_cvtepi32_ps(_mm512_sub_epi32(code, xZero))));
            }
            __m512 v = _mm512_div_ps(_mm512_div_ps(sum, _mm512_set1_ps(t.counts[i])), yScale);
            v = _mm512_min_ps(_mm512_max_ps(_mm512_add_ps(v, yZero), low), high);
            storeBytes(t.y + i * t.yStride + c, mask, _mm512_xor_si512(_mm512_cvtps_epi32(v), flip));
        }
}

void channelSumsAvx512(const SumTask& t) noexcept {
    for (int c = 0; c < t.channels; c += 16) {
        const __mmask16 mask = mask16(t.channels - c);
        __m512i sum = _mm512_setzero_si512();
        for (std::int64_t p = 0; p < t.pixels; ++p)
            sum = _mm512_add_epi32(sum, integers(t.x + p * t.stride + c, mask, t.isSigned));
        _mm512_mask_storeu_epi32(t.sums + c, mask, sum);
    }
}

}  // namespace bitlathe
