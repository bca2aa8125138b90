#include "core/kernels/read_bytes_kernels.h"

#include <immintrin.h>

namespace bitlathe {

std::uint64_t readBytesAvx512(const void* data, std::int64_t count) noexcept {
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

}  // namespace bitlathe
