#include "core/kernels/igemm_kernels.h"

#include <immintrin.h>

// VPMADDUBSW saturates for large u8 x s8 pairs, so bytes are widened to 16 bits, the even and the odd
// depths of each group of four apart; VPMADDWD then adds exact products. The rows are widened once per
// tile, into a buffer that is read by broadcasts; the weights once per six rows.

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr int mostRows = 6;

// Per row and group of four depths: the even depths as two words, the odd depths as two words.
struct Wide {
    alignas(32) std::uint32_t words[mostRows][2 * igemmMostGroups];
};

INLINE void widenGroup(std::uint32_t four, std::uint32_t* to) {
    to[0] = four & 0x00ff00ffu;
    to[1] = four >> 8 & 0x00ff00ffu;
}

// `count` bytes, rounded up to groups of four with zeros.
INLINE void widenRow(const std::uint8_t* from, std::int64_t count, std::uint32_t flip, std::uint32_t* to) {
    const __m256i flips = _mm256_set1_epi32(static_cast<std::int32_t>(flip));
    std::int64_t d = 0;
    for (; d + 32 <= count; d += 32, to += 16) {
        const __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + d)), flips);
        const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(bytes, 8);
        const __m256i low = _mm256_unpacklo_epi32(even, odd), high = _mm256_unpackhi_epi32(even, odd);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8), _mm256_permute2x128_si256(low, high, 0x31));
    }
    for (; d + 4 <= count; d += 4, to += 2) {
        std::uint32_t four;
        __builtin_memcpy(&four, from + d, 4);
        widenGroup(four ^ flip, to);
    }
    if (d < count) {
        std::uint32_t four = 0;
        for (std::int64_t i = count - 1; i >= d; --i) four = four << 8 | from[i];
        widenGroup(four ^ flip, to);
    }
}

INLINE __m256i broadcast(const std::uint32_t* word) { return _mm256_set1_epi32(static_cast<std::int32_t>(*word)); }

// Eight columns: acc[i] += a group of row i times the weights.
INLINE void columns8(__m256i acc[mostRows], const int R, const Wide& a, std::int64_t group, __m256i b) {
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8), odd = _mm256_srai_epi16(b, 8);
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
        acc[i] = _mm256_add_epi32(acc[i], _mm256_madd_epi16(broadcast(&a.words[i][2 * group]), even));
        acc[i] = _mm256_add_epi32(acc[i], _mm256_madd_epi16(broadcast(&a.words[i][2 * group + 1]), odd));
    }
}

INLINE void panelOf(const IgemmTile& t, const Wide& a, const int p, const int R) {
    __m256i left[mostRows], right[mostRows];
    const std::int32_t* start = t.start ? t.start + 16 * p : nullptr;
    std::int32_t* c = t.c + 16 * p;
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
        const std::int32_t* from = start ? start : c + i * t.cStride;
        left[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        right[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 8));
    }
    const std::int64_t groups = (t.depthCount + 3) / 4;
    std::int64_t at = 0;
    for (std::int64_t s = 0; s < t.segments; ++s) {
        const std::int8_t* b = t.panel + p * t.panelStride + s * t.segmentStride;
        for (std::int64_t g = 0; g < groups; ++g, ++at, b += 64) {
            columns8(left, R, a, at, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)));
            columns8(right, R, a, at, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32)));
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + i * t.cStride), left[i]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + i * t.cStride + 8), right[i]);
    }
}

}  // namespace

void igemmTileAvx2(const IgemmTile& t) noexcept {
    Wide a;
    const std::int64_t groups = (t.depthCount + 3) / 4;
    for (int i = 0; i < t.rowCount; ++i)
        for (std::int64_t s = 0; s < t.segments; ++s)
            widenRow(t.rows[s * t.rowsStride + i] + t.depthBegin, t.depthCount, t.flip, a.words[i] + 2 * s * groups);
    for (int p = 0; p < t.panels; ++p) switch (t.rowCount) {
            case 1: panelOf(t, a, p, 1); break;
            case 2: panelOf(t, a, p, 2); break;
            case 3: panelOf(t, a, p, 3); break;
            case 4: panelOf(t, a, p, 4); break;
            case 5: panelOf(t, a, p, 5); break;
            default: panelOf(t, a, p, 6); break;
        }
}

}  // namespace bitlathe
