#include "tests/bench/limits_kernels.h"

#include <immintrin.h>

namespace bitlathe {

std::uint64_t multiplyVnni(std::int64_t rounds) noexcept {
    __m512i acc[24];
#pragma GCC unroll 24
    for (int j = 0; j < 24; ++j) {
        acc[j] = _mm512_setzero_si512();
        __asm__ volatile("" : "+v"(acc[j]));  // or the compiler sees that all are alike
    }
    __m512i a = _mm512_set1_epi32(0x01020304), b = _mm512_set1_epi32(0x04030201);
    for (std::int64_t r = 0; r < rounds; ++r) {
        __asm__ volatile("" : "+v"(a), "+v"(b));
#pragma GCC unroll 24
        for (int j = 0; j < 24; ++j) acc[j] = _mm512_dpbusd_epi32(acc[j], a, b);
    }
#pragma GCC unroll 24
    for (int j = 1; j < 24; ++j) acc[0] = _mm512_add_epi32(acc[0], acc[j]);
    return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(acc[0]));
}

}  // namespace bitlathe
