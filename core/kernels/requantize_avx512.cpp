#include "core/kernels/requantize_kernels.h"

#include <immintrin.h>

namespace bitlathe {

void requantizeAvx512(const RequantizeTask& t) noexcept {
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
    const __m512i zero = _mm512_set1_epi32(t.zeroPoint);
    const __m512 one = _mm512_set1_ps(t.scales[0]);
    for (std::int64_t i = 0; i < t.rows; ++i) {
        const std::int32_t* acc = t.acc + i * t.accStride;
        std::uint8_t* y = t.y + i * t.yStride;
        for (std::int64_t j = 0; j < t.columns; j += 16) {
            const std::int64_t left = t.columns - j;
            const __mmask16 mask = left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1);
            const __m512 scale = t.perColumn ? _mm512_maskz_loadu_ps(mask, t.scales + j) : one;
            __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, acc + j)), scale);
            v = _mm512_min_ps(_mm512_max_ps(v, low), high);
            _mm512_mask_cvtepi32_storeu_epi8(y + j, mask, _mm512_add_epi32(_mm512_cvtps_epi32(v), zero));
        }
    }
}

}  // namespace bitlathe
