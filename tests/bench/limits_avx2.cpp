#include "tests/bench/limits_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

inline __attribute__((always_inline)) std::uint64_t total(const __m256i* s, int count) {
    __m256i sum = s[0];
#pragma GCC unroll 12
    for (int j = 1; j < count; ++j) sum = _mm256_xor_si256(sum, s[j]);
    alignas(32) std::uint64_t lanes[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

}  // namespace

std::uint64_t multiplyAvx2(std::int64_t rounds) noexcept {
    __m256i acc[12];
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) {
        acc[j] = _mm256_setzero_si256();
        __asm__ volatile("" : "+x"(acc[j]));  // or the compiler sees that all are alike
    }
    __m256i a = _mm256_set1_epi16(3), b = _mm256_set1_epi16(5);
    for (std::int64_t r = 0; r < rounds; ++r) {
        __asm__ volatile("" : "+x"(a), "+x"(b));
#pragma GCC unroll 12
        for (int j = 0; j < 12; ++j) acc[j] = _mm256_add_epi32(acc[j], _mm256_madd_epi16(a, b));
    }
    return total(acc, 12);
}

}  // namespace bitlathe
