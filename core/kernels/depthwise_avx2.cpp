#include "core/kernels/depthwise_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

// 32 channels, or fewer: what lies behind the last one is not read.
INLINE __m256i loadChannels(const std::uint8_t* bytes, int channels) {
    if (channels >= 32) return load(bytes);
    alignas(32) std::uint8_t padded[32] = {};
    for (int c = 0; c < channels; ++c) padded[c] = bytes[c];
    return load(padded);
}

// Four taps of eight channels; exact, since the bytes are widened before they are multiplied.
INLINE __m256i dot4(__m256i acc, __m256i a, __m256i w) {
    const __m256i even = _mm256_and_si256(a, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(a, 8);
    const __m256i wEven = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), wOdd = _mm256_srai_epi16(w, 8);
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(even, wEven));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(odd, wOdd));
}

// Channels [32 half, 32 half + 32) of the 64.
INLINE void halfOf(const DepthwiseTile& t, int half, int i) {
    const int channels = t.channels - 32 * half;
    const std::int64_t at = t.channelBegin + 32 * half;
    const __m256i flip = _mm256_set1_epi32(static_cast<std::int32_t>(t.flip));
    __m256i acc[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    for (std::int64_t tap = 0; tap < t.taps && channels > 0; tap += 4) {
        __m256i r[4];
        for (int q = 0; q < 4; ++q) {
            // Taps beyond the last repeat it; their weights are 0.
            const std::int64_t from = tap + q < t.taps ? tap + q : t.taps - 1;
            r[q] = _mm256_xor_si256(loadChannels(t.rows[from * t.rowsStride + i] + at, channels), flip);
        }
        const __m256i low01 = _mm256_unpacklo_epi8(r[0], r[1]), high01 = _mm256_unpackhi_epi8(r[0], r[1]);
        const __m256i low23 = _mm256_unpacklo_epi8(r[2], r[3]), high23 = _mm256_unpackhi_epi8(r[2], r[3]);
        const std::int8_t* w = t.weights + tap / 4 * 256 + 32 * half;
        acc[0] = dot4(acc[0], _mm256_unpacklo_epi16(low01, low23), load(w));
        acc[1] = dot4(acc[1], _mm256_unpackhi_epi16(low01, low23), load(w + 64));
        acc[2] = dot4(acc[2], _mm256_unpacklo_epi16(high01, high23), load(w + 128));
        acc[3] = dot4(acc[3], _mm256_unpackhi_epi16(high01, high23), load(w + 192));
    }
    // Lane l of acc j holds channels 16 l + 4 j ...
    const __m256i out[4] = {
        _mm256_permute2x128_si256(acc[0], acc[1], 0x20), _mm256_permute2x128_si256(acc[2], acc[3], 0x20),
        _mm256_permute2x128_si256(acc[0], acc[1], 0x31), _mm256_permute2x128_si256(acc[2], acc[3], 0x31)};
    std::int32_t* c = t.c + i * t.cStride + 32 * half;
    for (int q = 0; q < 4; ++q)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(c + 8 * q),
                            _mm256_add_epi32(out[q], load(t.start + 32 * half + 8 * q)));
}

}  // namespace

void depthwiseTileAvx2(const DepthwiseTile& t) noexcept {
    for (int i = 0; i < t.pixels; ++i) {
        halfOf(t, 0, i);
        halfOf(t, 1, i);
    }
}

}  // namespace bitlathe
