#include "core/kernels/igemm_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// VPMADDUBSW saturates for large u8 x s8 pairs, so the bytes are widened to 16 bits: the even and the
// odd depths of each group of four apart. VPMADDWD then adds exact products.
INLINE __m256i evenOfSigned(__m256i bytes) { return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8); }
INLINE __m256i oddOfSigned(__m256i bytes) { return _mm256_srai_epi16(bytes, 8); }

INLINE std::uint32_t load4(const std::uint8_t* bytes) {
    std::uint32_t word;
    __builtin_memcpy(&word, bytes, 4);
    return word;
}

// The last 1..3 depths of a segment; what lies behind them is not read.
INLINE std::uint32_t loadTail(const std::uint8_t* bytes, std::int64_t count) {
    std::uint32_t word = bytes[0];
    if (count > 1) word |= std::uint32_t{bytes[1]} << 8;
    if (count > 2) word |= std::uint32_t{bytes[2]} << 16;
    return word;
}

// acc[i] += four depths of row i times 16 columns.
INLINE void step(__m256i acc[4][2], const int R, const std::uint32_t* words, const std::int8_t* b) {
    const __m256i b0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    const __m256i b1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32));
    const __m256i b0even = evenOfSigned(b0), b0odd = oddOfSigned(b0);
    const __m256i b1even = evenOfSigned(b1), b1odd = oddOfSigned(b1);
#pragma GCC unroll 4
    for (int i = 0; i < R; ++i) {
        const __m256i even = _mm256_set1_epi32(static_cast<std::int32_t>(words[i] & 0x00ff00ffu));
        const __m256i odd = _mm256_set1_epi32(static_cast<std::int32_t>(words[i] >> 8 & 0x00ff00ffu));
        acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(even, b0even));
        acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(even, b1even));
        acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(odd, b0odd));
        acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(odd, b1odd));
    }
}

INLINE void panelOf(const IgemmTile& t, const int p, const int R) {
    __m256i acc[4][2];
    const std::int32_t* start = t.start ? t.start + 16 * p : nullptr;
    std::int32_t* c = t.c + 16 * p;
#pragma GCC unroll 4
    for (int i = 0; i < R; ++i) {
        const std::int32_t* from = start ? start : c + i * t.cStride;
        acc[i][0] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        acc[i][1] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 8));
    }
    const std::int64_t whole = t.depthCount & ~std::int64_t{3};
    const std::int64_t rest = t.depthCount & 3;
    for (std::int64_t s = 0; s < t.segments; ++s) {
        const std::uint8_t* a[4];
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) a[i] = t.rows[s * t.rowsStride + i] + t.depthBegin;
        const std::int8_t* b = t.panel + p * t.panelStride + s * t.segmentStride;
        std::uint32_t words[4];
        for (std::int64_t d = 0; d < whole; d += 4) {
#pragma GCC unroll 4
            for (int i = 0; i < R; ++i) words[i] = load4(a[i] + d) ^ t.flip;
            step(acc, R, words, b + d * 16);
        }
        if (rest) {
#pragma GCC unroll 4
            for (int i = 0; i < R; ++i) words[i] = loadTail(a[i] + whole, rest) ^ t.flip;
            step(acc, R, words, b + whole * 16);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < R; ++i) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + i * t.cStride), acc[i][0]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + i * t.cStride + 8), acc[i][1]);
    }
}

}  // namespace

void igemmTileAvx2(const IgemmTile& t) noexcept {
    for (int p = 0; p < t.panels; ++p) switch (t.rowCount) {
            case 1: panelOf(t, p, 1); break;
            case 2: panelOf(t, p, 2); break;
            case 3: panelOf(t, p, 3); break;
            default: panelOf(t, p, 4); break;
        }
}

}  // namespace bitlathe
