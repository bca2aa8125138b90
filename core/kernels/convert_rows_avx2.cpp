#include "core/kernels/convert_rows_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE __m256i load32(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
INLINE __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
INLINE void store32(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
INLINE void store16(void* p, __m128i v) { _mm_storeu_si128(static_cast<__m128i*>(p), v); }

INLINE __m256i signExtended(__m256i codes, int bits, bool isSigned) {
    const __m256i sign = _mm256_set1_epi8(static_cast<char>(isSigned ? 1 << (bits - 1) : 0));
    return _mm256_sub_epi8(_mm256_xor_si256(codes, sign), sign);
}

// 16 bytes of two codes each.
INLINE __m256i unpack4(__m128i packed) {
    const __m128i mask = _mm_set1_epi8(0x0f);
    const __m128i low = _mm_and_si128(packed, mask), high = _mm_and_si128(_mm_srli_epi16(packed, 4), mask);
    return _mm256_set_m128i(_mm_unpackhi_epi8(low, high), _mm_unpacklo_epi8(low, high));
}

// 8 bytes of four codes each.
INLINE __m256i unpack2(__m128i packed) {
    const __m256i wide = _mm256_cvtepu8_epi32(packed);
    __m256i codes = _mm256_or_si256(wide, _mm256_slli_epi32(wide, 6));
    codes = _mm256_or_si256(codes, _mm256_slli_epi32(wide, 12));
    codes = _mm256_or_si256(codes, _mm256_slli_epi32(wide, 18));
    return _mm256_and_si256(codes, _mm256_set1_epi8(3));
}

// 4 bytes of eight codes each.
INLINE __m256i unpack1(const std::uint8_t* packed) {
    std::int32_t word;
    __builtin_memcpy(&word, packed, 4);
    const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(word), _mm256_setr_epi64x(0, 0x0101010101010101,
                                                                                          0x0202020202020202, 0x0303030303030303));
    const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, bit), bit), _mm256_set1_epi8(1));
}

}  // namespace

std::int64_t fromHalvesAvx2(const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, _mm256_cvtph_ps(load16(x + i)));
    return i;
}

std::int64_t toHalvesAvx2(const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        store16(y + i, _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    return i;
}

std::int64_t fromBfloatsAvx2(const std::uint16_t* x, std::int64_t count, float* y) noexcept {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) store32(y + i, _mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(x + i)), 16));
    return i;
}

std::int64_t toBfloatsAvx2(const float* x, std::int64_t count, std::uint16_t* y) noexcept {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256 v = _mm256_loadu_ps(x + i);
        const __m256i bits = _mm256_castps_si256(v), high = _mm256_srli_epi32(bits, 16);
        const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
        const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, odd), _mm256_set1_epi32(0x7fff)), 16);
        const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
        const __m256i y32 = _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
        store16(y + i, _mm_packus_epi32(_mm256_castsi256_si128(y32), _mm256_extracti128_si256(y32, 1)));
    }
    return i;
}

std::int64_t unpackAvx2(int bits, bool isSigned, const std::uint8_t* packed, std::int64_t count, std::uint8_t* codes) noexcept {
    std::int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        const std::uint8_t* from = packed + i * bits / 8;
        const __m256i v = bits == 4   ? unpack4(load16(from))
                          : bits == 2 ? unpack2(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)))
                                      : unpack1(from);
        store32(codes + i, signExtended(v, bits, isSigned));
    }
    return i;
}

std::int64_t packAvx2(int bits, const std::uint8_t* codes, std::int64_t count, std::uint8_t* packed) noexcept {
    std::int64_t i = 0;
    if (bits == 1) {
        for (; i + 32 <= count; i += 32) {
            const int word = _mm256_movemask_epi8(_mm256_slli_epi16(load32(codes + i), 7));
            __builtin_memcpy(packed + i / 8, &word, 4);
        }
        return i;
    }
    for (; i + 32 <= count; i += 32) {
        __m256i v = _mm256_and_si256(load32(codes + i), _mm256_set1_epi8(static_cast<char>((1 << bits) - 1)));
        // Pairs of codes into words, then (2 bits) pairs of words into double words.
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi16(static_cast<short>(1 + (1 << bits) * 256)));
        if (bits == 4) {
            const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(v, v), 0x08);
            store16(packed + i / 2, _mm256_castsi256_si128(bytes));
        } else {
            v = _mm256_madd_epi16(v, _mm256_set1_epi32(1 + 16 * 65536));
            v = _mm256_packus_epi16(_mm256_packus_epi32(v, v), v);
            const __m256i bytes = _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 4, 0, 0, 0, 0, 0, 0));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(packed + i / 4), _mm256_castsi256_si128(bytes));
        }
    }
    return i;
}

}  // namespace bitlathe
