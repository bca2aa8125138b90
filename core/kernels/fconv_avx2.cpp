#include "core/kernels/fconv_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define BITLATHE_INLINE static inline __attribute__((always_inline))

BITLATHE_INLINE __m256i maskOf(std::uint32_t lanes) noexcept {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(lanes & 0xFF)), bits), bits);
}

// One row of 16 lanes: `outputs` channels from `first` on, a constant where this is inlined.
BITLATHE_INLINE void row(const FconvTile& t, int r, int first, const int outputs, const bool full) noexcept {
    __m256 left[8], right[8];
    const __m256i leftMask = maskOf(t.lanes[r]), rightMask = maskOf(t.lanes[r] >> 8);
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) left[o] = right[o] = _mm256_setzero_ps();
    const float* w = t.packed + first;
    for (std::int64_t k = 0; k < t.depth; ++k, w += 8) {
        const float* x = t.x[r] + t.taps[k];
        const __m256 a = full ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, leftMask);
        const __m256 b = full ? _mm256_loadu_ps(x + 8) : _mm256_maskload_ps(x + 8, rightMask);
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
            const __m256 weight = _mm256_broadcast_ss(w + o);
            left[o] = _mm256_fmadd_ps(weight, a, left[o]);
            right[o] = _mm256_fmadd_ps(weight, b, right[o]);
        }
    }
    const __m256 low = _mm256_set1_ps(t.low), high = _mm256_set1_ps(t.high);
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) {
        if (first + o >= t.outputs) break;
        const __m256 bias = _mm256_set1_ps(t.bias[first + o]);
        __m256 a = left[o], b = right[o];
        if (t.hasBias) {
            a = _mm256_add_ps(a, bias);
            b = _mm256_add_ps(b, bias);
        }
        if (t.bounded) {  // the second operand where one is NaN
            a = _mm256_min_ps(high, _mm256_max_ps(low, a));
            b = _mm256_min_ps(high, _mm256_max_ps(low, b));
        }
        float* y = t.y[r] + (first + o) * t.yStride;
        if (full) {
            _mm256_storeu_ps(y, a);
            _mm256_storeu_ps(y + 8, b);
            continue;
        }
        float lanes[16];
        _mm256_storeu_ps(lanes, a);
        _mm256_storeu_ps(lanes + 8, b);
        for (int lane = 0; lane < 16; ++lane)
            if (t.lanes[r] >> lane & 1u) *y++ = lanes[lane];
    }
}

BITLATHE_INLINE void rowOf(const FconvTile& t, int r, const bool full) noexcept {
    if (t.outputs == 1) return row(t, r, 0, 1, full);
    if (t.outputs <= 4) return row(t, r, 0, 4, full);
    if (t.outputs <= 6) return row(t, r, 0, 6, full);
    row(t, r, 0, 4, full);
    row(t, r, 4, 4, full);
}

}  // namespace

void fconvTileAvx2(const FconvTile& t) noexcept {
    for (int r = 0; r < t.rows; ++r) {
        if (t.lanes[r] == 0xFFFF) rowOf(t, r, true);
        else rowOf(t, r, false);
    }
}

}  // namespace bitlathe
