#include "core/kernels/counting_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

// Values [first, first + 8), among whole groups of 32 bytes: at most 254 rounds, so no byte counter overflows.
inline __attribute__((always_inline)) void countEight(const std::uint8_t* index, int n, int first, std::uint32_t* counts) {
    __m256i counters[8];
#pragma GCC unroll 8
    for (int v = 0; v < 8; ++v) counters[v] = _mm256_setzero_si256();
    for (int i = 0; i + 32 <= n; i += 32) {
        const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(index + i));
#pragma GCC unroll 8
        for (int v = 0; v < 8; ++v)
            counters[v] = _mm256_sub_epi8(counters[v], _mm256_cmpeq_epi8(codes, _mm256_set1_epi8(static_cast<char>(first + v))));
    }
    for (int v = 0; v < 8; ++v) {
        alignas(32) std::uint64_t sums[4];
        _mm256_store_si256(reinterpret_cast<__m256i*>(sums), _mm256_sad_epu8(counters[v], _mm256_setzero_si256()));
        counts[first + v] += static_cast<std::uint32_t>(sums[0] + sums[1] + sums[2] + sums[3]);
    }
}

}  // namespace

void countFewAvx2(const std::uint8_t* index, int n, std::uint32_t* counts) noexcept {
    countEight(index, n, 0, counts);
    countEight(index, n, 8, counts);
    for (int i = n / 32 * 32; i < n; ++i) ++counts[index[i]];
}

}  // namespace bitlathe
