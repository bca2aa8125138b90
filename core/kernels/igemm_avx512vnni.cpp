#include "core/kernels/igemm_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i broadcast4(const std::uint8_t* bytes, __m512i flip) {
    std::int32_t word;
    __builtin_memcpy(&word, bytes, 4);
    return _mm512_xor_si512(_mm512_set1_epi32(word), flip);
}

// The last 1..3 depths of a segment; what lies behind them is not read.
INLINE __m512i broadcastTail(const std::uint8_t* bytes, std::int64_t count, __m512i flip) {
    std::uint32_t word = bytes[0];
    if (count > 1) word |= std::uint32_t{bytes[1]} << 8;
    if (count > 2) word |= std::uint32_t{bytes[2]} << 16;
    return _mm512_xor_si512(_mm512_set1_epi32(static_cast<std::int32_t>(word)), flip);
}

// R and P are constants at every call, so the accumulators live in registers.
INLINE void tileOf(const IgemmTile& t, const int R, const int P) {
    __m512i acc[12][4];
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p)
            acc[i][p] = _mm512_loadu_si512(t.start ? t.start + 16 * p : t.c + i * t.cStride + 16 * p);

    const __m512i flip = _mm512_set1_epi32(static_cast<std::int32_t>(t.flip));
    const std::int64_t whole = t.depthCount & ~std::int64_t{3};
    const std::int64_t rest = t.depthCount & 3;
    for (std::int64_t s = 0; s < t.segments; ++s) {
        const std::uint8_t* a[12];
#pragma GCC unroll 12
        for (int i = 0; i < R; ++i) a[i] = t.rows[s * t.rowsStride + i] + t.depthBegin;
        const std::int8_t* b[4];
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) b[p] = t.panel + p * t.panelStride + s * t.segmentStride;

        for (std::int64_t d = 0; d < whole; d += 4) {
            __m512i vb[4];
#pragma GCC unroll 4
            for (int p = 0; p < P; ++p) vb[p] = _mm512_loadu_si512(b[p] + d * 16);
#pragma GCC unroll 12
            for (int i = 0; i < R; ++i) {
                const __m512i va = broadcast4(a[i] + d, flip);
#pragma GCC unroll 4
                for (int p = 0; p < P; ++p) acc[i][p] = _mm512_dpbusd_epi32(acc[i][p], va, vb[p]);
            }
        }
        if (rest) {
#pragma GCC unroll 12
            for (int i = 0; i < R; ++i) {
                const __m512i va = broadcastTail(a[i] + whole, rest, flip);
#pragma GCC unroll 4
                for (int p = 0; p < P; ++p)
                    acc[i][p] = _mm512_dpbusd_epi32(acc[i][p], va, _mm512_loadu_si512(b[p] + whole * 16));
            }
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
        for (int p = 0; p < P; ++p) _mm512_storeu_si512(t.c + i * t.cStride + 16 * p, acc[i][p]);
}

INLINE void rowsOf(const IgemmTile& t, const int P) {
    switch (t.rowCount) {
        case 1: return tileOf(t, 1, P);
        case 2: return tileOf(t, 2, P);
        case 3: return tileOf(t, 3, P);
        case 4: return tileOf(t, 4, P);
        case 5: return tileOf(t, 5, P);
        default: return tileOf(t, 6, P);
    }
}

INLINE void tallOf(const IgemmTile& t, const int P) {
    switch (t.rowCount) {
        case 7: return tileOf(t, 7, P);
        case 8: return tileOf(t, 8, P);
        case 9: return tileOf(t, 9, P);
        case 10: return tileOf(t, 10, P);
        case 11: return tileOf(t, 11, P);
        case 12: return tileOf(t, 12, P);
        default: return rowsOf(t, P);
    }
}

}  // namespace

void igemmTileAvx512Vnni(const IgemmTile& t) noexcept {
    switch (t.panels) {
        case 1: return tallOf(t, 1);
        case 2: return tallOf(t, 2);
        case 3: return t.rowCount == 8 ? tileOf(t, 8, 3) : t.rowCount == 7 ? tileOf(t, 7, 3) : rowsOf(t, 3);
        default: return rowsOf(t, 4);
    }
}

}  // namespace bitlathe
