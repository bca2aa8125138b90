#include "core/kernels/fconv_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define BITLATHE_INLINE static inline __attribute__((always_inline))

// Sums of OUTPUTS x ROWS registers; both are constants where this is inlined.
BITLATHE_INLINE void tile(const FconvTile& t, const int outputs, const int rows, const bool full) noexcept {
    __m512 sums[8][8];
    __mmask16 lanes[8];
    const float* x[8];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
        lanes[r] = static_cast<__mmask16>(t.lanes[r]);
        x[r] = t.x[r];
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) sums[o][r] = _mm512_setzero_ps();
    }
    const float* w = t.packed;
    for (std::int64_t k = 0; k < t.depth; ++k, w += 8) {
        const std::int64_t tap = t.taps[k];
        __m512 values[8];
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r)
            values[r] = full ? _mm512_loadu_ps(x[r] + tap) : _mm512_maskz_loadu_ps(lanes[r], x[r] + tap);
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
            const __m512 weight = _mm512_set1_ps(w[o]);
#pragma GCC unroll 8
            for (int r = 0; r < rows; ++r) sums[o][r] = _mm512_fmadd_ps(weight, values[r], sums[o][r]);
        }
    }
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
#pragma GCC unroll 8
    for (int o = 0; o < outputs; ++o) {
        if (o >= t.outputs) break;
        const __m512 bias = _mm512_set1_ps(t.bias[o]);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
            __m512 v = sums[o][r];
            if (t.hasBias) v = _mm512_add_ps(v, bias);
            if (t.bounded) v = _mm512_min_ps(high, _mm512_max_ps(low, v));  // the second operand where one is NaN
            float* y = t.y[r] + o * t.yStride;
            if (full) _mm512_storeu_ps(y, v);
            else _mm512_mask_storeu_ps(y, static_cast<__mmask16>((1u << __builtin_popcount(t.lanes[r])) - 1u),
                                       _mm512_maskz_compress_ps(lanes[r], v));
        }
    }
}

BITLATHE_INLINE void tiles(const FconvTile& t, const bool full) noexcept {
    if (t.outputs == 1) {
        switch (t.rows) {
            case 1: return tile(t, 1, 1, full);
            case 2: return tile(t, 1, 2, full);
            case 3: return tile(t, 1, 3, full);
            case 4: return tile(t, 1, 4, full);
            case 5: return tile(t, 1, 5, full);
            case 6: return tile(t, 1, 6, full);
            case 7: return tile(t, 1, 7, full);
            default: return tile(t, 1, 8, full);
        }
    }
    if (t.outputs <= 4) return t.rows == 1 ? tile(t, 4, 1, full) : t.rows == 2 ? tile(t, 4, 2, full) : tile(t, 4, 3, full);
    return t.rows == 1 ? tile(t, 8, 1, full) : t.rows == 2 ? tile(t, 8, 2, full) : tile(t, 8, 3, full);
}

}  // namespace

void fconvTileAvx512(const FconvTile& t) noexcept {
    std::uint32_t all = 0xFFFF;
    for (int r = 0; r < t.rows; ++r) all &= t.lanes[r];
    if (all == 0xFFFF) tiles(t, true);
    else tiles(t, false);
}

}  // namespace bitlathe
