#include "tests/bench/limits_kernels.h"

#include <immintrin.h>

namespace bitlathe {

std::uint64_t readAvx512(const void* data, std::int64_t count) noexcept {
    const char* p = static_cast<const char*>(data);
    __m512i s[8];
    for (auto& v : s) v = _mm512_setzero_si512();
    for (std::int64_t i = 0; i < count; i += 512) {
        _mm_prefetch(p + i + 4096, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 64, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 128, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 192, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 256, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 320, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 384, _MM_HINT_T0);
        _mm_prefetch(p + i + 4096 + 448, _MM_HINT_T0);
#pragma GCC unroll 8
        for (int j = 0; j < 8; ++j) s[j] = _mm512_xor_si512(s[j], _mm512_loadu_si512(p + i + 64 * j));
    }
    for (int j = 1; j < 8; ++j) s[0] = _mm512_xor_si512(s[0], s[j]);
    return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(s[0]));
}

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
