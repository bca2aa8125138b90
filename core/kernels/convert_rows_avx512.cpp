#include "core/kernels/convert_rows_kernels.h"

#include <immintrin.h>

namespace bitlathe {

std::int64_t fromHalvesAvx512(const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
    return i;
}

std::int64_t toHalvesAvx512(const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i),
                            _mm512_cvtps_ph(_mm512_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    return i;
}

std::int64_t fromBfloatsAvx512(const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)));
        _mm512_storeu_si512(y + i, _mm512_slli_epi32(wide, 16));
    }
    return i;
}

std::int64_t toBfloatsAvx512(const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m512 v = _mm512_loadu_ps(x + i);
        const __m512i bits = _mm512_castps_si512(v), high = _mm512_srli_epi32(bits, 16);
        const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
        const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7fff)), 16);
        const __m512i quiet = _mm512_or_si512(high, _mm512_set1_epi32(0x40));
        const __m512i y32 = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), quiet);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), _mm512_cvtepi32_epi16(y32));
    }
    return i;
}

}  // namespace bitlathe
