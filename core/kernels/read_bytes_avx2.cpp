#include "core/kernels/read_bytes_kernels.h"

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

std::uint64_t readBytesAvx2(const void* data, std::int64_t count) noexcept {
    const char* p = static_cast<const char*>(data);
    __m256i s[8];
    for (auto& v : s) v = _mm256_setzero_si256();
    for (std::int64_t i = 0; i < count; i += 256) {
        for (int line = 0; line < 4; ++line) _mm_prefetch(p + i + 4096 + 64 * line, _MM_HINT_T0);
#pragma GCC unroll 8
        for (int j = 0; j < 8; ++j)
            s[j] = _mm256_xor_si256(s[j], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i + 32 * j)));
    }
    return total(s, 8);
}

}  // namespace bitlathe
