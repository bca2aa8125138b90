#include "core/kernels/transpose_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// 16 x 16 bytes, in four rounds of interleaving: row r goes to place 2 r (mod 16) each time.
INLINE void block16(const std::uint8_t* x, std::int64_t xStride, std::uint8_t* y, std::int64_t yStride) {
    __m128i a[16], b[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) a[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i * xStride));
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
        b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 8]);
        a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 8]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
        b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 8]);
        a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 8]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i * yStride), a[i]);
}

// 8 x 8 floats: pairs, fours, then halves of the registers.
INLINE void block8(const float* x, std::int64_t xStride, float* y, std::int64_t yStride) {
    __m256 a[8], b[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(x + i * xStride);
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        _mm256_storeu_ps(y + i * yStride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(y + (i + 4) * yStride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}

INLINE void edgeOfFloats(const TransposeFloatsTask& t, std::int64_t rowBegin, std::int64_t rowEnd, std::int64_t columnBegin,
                         std::int64_t columnEnd) {
    for (std::int64_t column = columnBegin; column < columnEnd; ++column)
        for (std::int64_t row = rowBegin; row < rowEnd; ++row) t.y[column * t.yStride + row] = t.x[row * t.xStride + column];
}

INLINE void edge(const TransposeTask& t, std::int64_t rowBegin, std::int64_t rowEnd, std::int64_t columnBegin,
                 std::int64_t columnEnd) {
    for (std::int64_t column = columnBegin; column < columnEnd; ++column)
        for (std::int64_t row = rowBegin; row < rowEnd; ++row) t.y[column * t.yStride + row] = t.x[row * t.xStride + column];
}

}  // namespace

void transposeAvx2(const TransposeTask& t) noexcept {
    const std::int64_t rows16 = t.rows / 16 * 16, columns16 = t.columns / 16 * 16;
    for (std::int64_t column = 0; column < columns16; column += 16)
        for (std::int64_t row = 0; row < rows16; row += 16)
            block16(t.x + row * t.xStride + column, t.xStride, t.y + column * t.yStride + row, t.yStride);
    edge(t, rows16, t.rows, 0, columns16);
    edge(t, 0, t.rows, columns16, t.columns);
}

void transposeFloatsAvx2(const TransposeFloatsTask& t) noexcept {
    const std::int64_t rows8 = t.rows / 8 * 8, columns8 = t.columns / 8 * 8;
    for (std::int64_t column = 0; column < columns8; column += 8)
        for (std::int64_t row = 0; row < rows8; row += 8)
            block8(t.x + row * t.xStride + column, t.xStride, t.y + column * t.yStride + row, t.yStride);
    edgeOfFloats(t, rows8, t.rows, 0, columns8);
    edgeOfFloats(t, 0, t.rows, columns8, t.columns);
}

}  // namespace bitlathe
