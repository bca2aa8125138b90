#include "core/kernels/counting_kernels.h"

#include <immintrin.h>

namespace bitlathe {

// One register of byte counters per value: at most 127 rounds, so none overflows.
void countFewAvx512(const std::uint8_t* index, int n, std::uint32_t* counts) noexcept {
    __m512i counters[fewCodes];
    const __m512i one = _mm512_set1_epi8(1);
#pragma GCC unroll 16
    for (int v = 0; v < fewCodes; ++v) counters[v] = _mm512_setzero_si512();
    for (int i = 0; i < n; i += 64) {
        const __mmask64 mask = n - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (n - i)) - 1;
        const __m512i codes = _mm512_maskz_loadu_epi8(mask, index + i);
#pragma GCC unroll 16
        for (int v = 0; v < fewCodes; ++v) {
            const __mmask64 equal = _mm512_mask_cmpeq_epi8_mask(mask, codes, _mm512_set1_epi8(static_cast<char>(v)));
            counters[v] = _mm512_mask_add_epi8(counters[v], equal, counters[v], one);
        }
    }
#pragma GCC unroll 16
    for (int v = 0; v < fewCodes; ++v)
        counts[v] += static_cast<std::uint32_t>(_mm512_reduce_add_epi64(_mm512_sad_epu8(counters[v], _mm512_setzero_si512())));
}

}  // namespace bitlathe
