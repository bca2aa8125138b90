#include "core/kernels/pool_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// Eight codes, or fewer: what lies behind the last one is not read.
INLINE __m256i integers(const std::uint8_t* codes, std::int64_t left, bool isSigned) {
    __m128i bytes;
    if (left >= 8) {
        bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
    } else {
        alignas(16) std::uint8_t tail[16] = {};
        for (std::int64_t j = 0; j < left; ++j) tail[j] = codes[j];
        bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(tail));
    }
    return isSigned ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
}

}  // namespace

void maxPoolAvx2(const PoolTile& t) noexcept {
    const std::uint8_t flip = t.isSigned ? 0x80 : 0;
    const __m256i flips = _mm256_set1_epi8(static_cast<char>(flip));
    for (int i = 0; i < t.pixels; ++i) {
        std::uint8_t* y = t.y + i * t.yStride;
        std::int64_t c = 0;
        for (; c + 32 <= t.channels; c += 32) {
            __m256i best = _mm256_setzero_si256();
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const auto* row = reinterpret_cast<const __m256i*>(t.rows[tap * t.rowsStride + i] + c);
                best = _mm256_max_epu8(best, _mm256_xor_si256(_mm256_loadu_si256(row), flips));
            }
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + c), _mm256_xor_si256(best, flips));
        }
        for (; c < t.channels; ++c) {
            int best = 0;
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const int x = t.rows[tap * t.rowsStride + i][c] ^ flip;
                best = x > best ? x : best;
            }
            y[c] = static_cast<std::uint8_t>(best ^ flip);
        }
    }
}

void averagePoolAvx2(const PoolTile& t) noexcept {
    const __m256 xScale = _mm256_set1_ps(t.xScale), yScale = _mm256_set1_ps(t.yScale), yZero = _mm256_set1_ps(t.yZero);
    const __m256 low = _mm256_set1_ps(t.low), high = _mm256_set1_ps(t.high);
    const __m256i xZero = _mm256_set1_epi32(t.xZero), flip = _mm256_set1_epi32(t.isSigned ? 0x80 : 0);
    for (int i = 0; i < t.pixels; ++i)
        for (std::int64_t c = 0; c < t.channels; c += 8) {
            const std::int64_t left = t.channels - c < 8 ? t.channels - c : 8;
            __m256 sum = _mm256_setzero_ps();
            for (std::int64_t tap = 0; tap < t.taps; ++tap) {
                const __m256i code = integers(t.rows[tap * t.rowsStride + i] + c, left, t.isSigned);
                sum = _mm256_add_ps(sum, _mm256_mul_ps(xScale, _mm256_cvtepi32_ps(_mm256_sub_epi32(code, xZero))));
            }
            __m256 v = _mm256_div_ps(_mm256_div_ps(sum, _mm256_set1_ps(t.counts[i])), yScale);
            v = _mm256_min_ps(_mm256_max_ps(_mm256_add_ps(v, yZero), low), high);
            alignas(32) std::int32_t codes[8];
            _mm256_store_si256(reinterpret_cast<__m256i*>(codes), _mm256_xor_si256(_mm256_cvtps_epi32(v), flip));
            for (std::int64_t j = 0; j < left; ++j) t.y[i * t.yStride + c + j] = static_cast<std::uint8_t>(codes[j]);
        }
}

void channelSumsAvx2(const SumTask& t) noexcept {
    for (int c = 0; c < t.channels; c += 8) {
        const std::int64_t left = t.channels - c < 8 ? t.channels - c : 8;
        __m256i sum = _mm256_setzero_si256();
        for (std::int64_t p = 0; p < t.pixels; ++p)
            sum = _mm256_add_epi32(sum, integers(t.x + p * t.stride + c, left, t.isSigned));
        alignas(32) std::int32_t sums[8];
        _mm256_store_si256(reinterpret_cast<__m256i*>(sums), sum);
        for (std::int64_t j = 0; j < left; ++j) t.sums[c + j] = sums[j];
    }
}

}  // namespace bitlathe
