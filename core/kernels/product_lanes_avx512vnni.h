// product_lanes.h with AVX-512 and VNNI.
#pragma once

#include "core/kernels/block_lanes.h"

// A step of a loop over groups: in registers.
#define PRODUCT_STEP LANES_INLINE

namespace bitlathe {
namespace {

struct Bytes {
    __m512i v;
};

LANES_INLINE __m128i load16(const void* x) { return _mm_loadu_si128(static_cast<const __m128i*>(x)); }

LANES_INLINE Bytes loadAll(const void* x) { return {_mm512_loadu_si512(x)}; }
LANES_INLINE void storeAll(void* y, Bytes a) { _mm512_storeu_si512(y, a.v); }
// Quarter i: 16 bytes at x + i · step.
LANES_INLINE Bytes quarters(const std::uint8_t* x, int step) {
    __m512i v = _mm512_castsi128_si512(load16(x));
    v = _mm512_inserti32x4(v, load16(x + step), 1);
    v = _mm512_inserti32x4(v, load16(x + 2 * step), 2);
    return {_mm512_inserti32x4(v, load16(x + 3 * step), 3)};
}
// Two quarters at x, two at y.
LANES_INLINE Bytes quarters(const std::uint8_t* x, const std::uint8_t* y, int step) {
    __m512i v = _mm512_castsi128_si512(load16(x));
    v = _mm512_inserti32x4(v, load16(x + step), 1);
    v = _mm512_inserti32x4(v, load16(y), 2);
    return {_mm512_inserti32x4(v, load16(y + step), 3)};
}
// Quarters 0 and 2 of one byte, 1 and 3 of another.
LANES_INLINE Bytes quarterBytes(std::uint8_t even, std::uint8_t odd) {
    return {_mm512_mask_blend_epi64(0xcc, _mm512_set1_epi8(static_cast<char>(even)), _mm512_set1_epi8(static_cast<char>(odd)))};
}
LANES_INLINE Bytes operator|(Bytes a, Bytes b) { return {_mm512_or_si512(a.v, b.v)}; }
// Bits From … of each byte, under a mask.
template <int From, int Mask>
LANES_INLINE Bytes field(Bytes a) {
    return {_mm512_and_si512(From == 0 ? a.v : _mm512_srli_epi16(a.v, From), _mm512_set1_epi8(Mask))};
}
// Of bytes below 2^(8 − By).
template <int By>
LANES_INLINE Bytes raised(Bytes a) {
    return {_mm512_slli_epi16(a.v, By)};
}
// value in bytes that have a bit of `test`, 0 in others.
LANES_INLINE Bytes where(Bytes a, Bytes test, std::uint8_t value) {
    return {_mm512_maskz_mov_epi8(_mm512_test_epi8_mask(a.v, test.v), _mm512_set1_epi8(static_cast<char>(value)))};
}
// Byte j of quarter i: value where bit j of the i-th 16 bits is set, 0 elsewhere.
LANES_INLINE Bytes fromBits(std::uint64_t bits, std::uint8_t value) { return {_mm512_maskz_set1_epi8(bits, static_cast<char>(value))}; }
// table[byte], bytes below 16.
LANES_INLINE Bytes lookUp(const std::int8_t* table, Bytes a) { return {_mm512_shuffle_epi8(_mm512_broadcast_i32x4(load16(table)), a.v)}; }
// 3 · byte, its low eight bits and what stands above them.
LANES_INLINE Bytes tripled(Bytes a) { return {_mm512_add_epi8(_mm512_add_epi8(a.v, a.v), a.v)}; }
LANES_INLINE Bytes thirds(Bytes a) {
    const __m512i one = _mm512_set1_epi8(1);
    return {_mm512_add_epi8(_mm512_min_epu8(_mm512_subs_epu8(a.v, _mm512_set1_epi8(85)), one), _mm512_min_epu8(_mm512_subs_epu8(a.v, _mm512_set1_epi8(static_cast<char>(170))), one))};
}
// Quarters 0 and 2 (1 and 3) of both: a's, b's, a's, b's.
LANES_INLINE Bytes evenQuarters(Bytes a, Bytes b) { return {_mm512_permutex2var_epi64(a.v, _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), b.v)}; }
LANES_INLINE Bytes oddQuarters(Bytes a, Bytes b) { return {_mm512_permutex2var_epi64(a.v, _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), b.v)}; }
// Quarters 0 and 1: bytes of low and high; 2 and 3: of low2 and high2.
LANES_INLINE Bytes twoQuarters(std::uint64_t low, std::uint64_t high, std::uint64_t low2, std::uint64_t high2) {
    const auto both = [](std::uint64_t l, std::uint64_t h) { return _mm256_broadcastsi128_si256(_mm_set_epi64x(static_cast<long long>(h), static_cast<long long>(l))); };
    return {_mm512_inserti64x4(_mm512_castsi256_si512(both(low, high)), both(low2, high2), 1)};
}

LANES_INLINE Ints zeros() { return {_mm512_setzero_si512()}; }
LANES_INLINE Ints loadInts(const std::int32_t* x) { return {_mm512_loadu_si512(x)}; }
LANES_INLINE Ints operator+(Ints a, Ints b) { return {_mm512_add_epi32(a.v, b.v)}; }
LANES_INLINE Ints operator-(Ints a, Ints b) { return {_mm512_sub_epi32(a.v, b.v)}; }
LANES_INLINE Ints operator&(Ints a, int b) { return {_mm512_and_si512(a.v, _mm512_set1_epi32(b))}; }
template <int By>
LANES_INLINE Ints left(Ints a) {
    return {_mm512_slli_epi32(a.v, By)};
}
template <int By>
LANES_INLINE Ints right(Ints a) {
    return {_mm512_srai_epi32(a.v, By)};
}
LANES_INLINE Floats asFloats(Ints a) { return {_mm512_castsi512_ps(a.v)}; }
// Each integer: the sum of four products is added. Codes as unsigned bytes of 127 at most.
LANES_INLINE Ints dot(Ints sum, Bytes codes, Bytes a) { return {_mm512_dpbusd_epi32(sum.v, codes.v, a.v)}; }
// Rows of weights in a tile of products, as registers allow.
constexpr int kRowsAtOnce = 2;
// The same for signed codes; kSignedBias times the sum of the activations' codes is to be taken away in the end.
constexpr int kSignedBias = 128;
LANES_INLINE Bytes biased(Bytes codes) { return {_mm512_xor_si512(codes.v, _mm512_set1_epi8(-128))}; }
LANES_INLINE Ints dotBiased(Ints sum, Bytes codes, Bytes a) { return {_mm512_dpbusd_epi32(sum.v, codes.v, a.v)}; }
// Integer 4 i + g: the sum of quarter i of the g-th.
LANES_INLINE Ints sumsOfQuarters(Ints a, Ints b, Ints c, Ints d) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a.v, b.v), _mm512_unpackhi_epi32(a.v, b.v));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c.v, d.v), _mm512_unpackhi_epi32(c.v, d.v));
    return {_mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))};
}
// 16 bytes, or 16 pairs of bytes, as integers.
LANES_INLINE Ints signedBytes(std::uint64_t a, std::uint64_t b) { return {_mm512_cvtepi8_epi32(_mm_set_epi64x(static_cast<long long>(b), static_cast<long long>(a)))}; }
LANES_INLINE Ints signedPairs(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    return {_mm512_cvtepi16_epi32(_mm256_set_epi64x(static_cast<long long>(d), static_cast<long long>(c), static_cast<long long>(b), static_cast<long long>(a)))};
}
LANES_INLINE __m128i eightHalves(const std::uint8_t* x, int step) {
    const auto at = [=](int i) {
        short half;
        __builtin_memcpy(&half, x + i * step, 2);
        return half;
    };
    return _mm_set_epi16(at(7), at(6), at(5), at(4), at(3), at(2), at(1), at(0));
}
// Halves at x + i · step.
LANES_INLINE Floats stridedHalves(const std::uint8_t* x, int step) {
    return {_mm512_cvtph_ps(_mm256_set_m128i(eightHalves(x + 8 * step, step), eightHalves(x, step)))};
}
// Pairs of bytes at x + i · step, as unsigned numbers.
LANES_INLINE Ints stridedPairs(const std::uint8_t* x, int step) {
    return {_mm512_cvtepu16_epi32(_mm256_set_m128i(eightHalves(x + 8 * step, step), eightHalves(x, step)))};
}
// Eight lanes of the half at x, eight of that at y.
LANES_INLINE Floats twoHalves(const std::uint8_t* x, const std::uint8_t* y) {
    short a, b;
    __builtin_memcpy(&a, x, 2);
    __builtin_memcpy(&b, y, 2);
    return {_mm512_cvtph_ps(_mm256_set_m128i(_mm_set1_epi16(b), _mm_set1_epi16(a)))};
}
// Eight scales and eight mins of 6 bits, as Q4_K and Q5_K have them behind two halves, of the blocks at x and at y.
LANES_INLINE void sixBitScales(const std::uint8_t* x, const std::uint8_t* y, Ints& scales, Ints& mins) {
    const __m256i both = _mm256_set_m128i(load16(y), load16(x));
    const __m256i lowPlaces = _mm256_broadcastsi128_si256(_mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m256i highPlaces = _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11));
    const __m256i lowBits = _mm256_broadcastsi128_si256(_mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    const __m256i low = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(both, lowPlaces), _mm256_broadcastsi128_si256(_mm_setr_epi32(0, 0, 0, 4))), lowBits);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(_mm256_shuffle_epi8(both, highPlaces), 2), _mm256_set1_epi8(0x30));
    const __m256i all = _mm256_permute4x64_epi64(_mm256_or_si256(low, high), 0xd8);  // scales of both, then mins of both
    scales = {_mm512_cvtepi8_epi32(_mm256_castsi256_si128(all))};
    mins = {_mm512_cvtepi8_epi32(_mm256_extracti128_si256(all, 1))};
}
LANES_INLINE std::int32_t sumOfInts(Ints a) { return _mm512_reduce_add_epi32(a.v); }
// Sixteen bfloats at x.
LANES_INLINE Floats loadBfloats(const std::uint8_t* x) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))), 16))};
}
LANES_INLINE float sumOfLanes(Floats a) {
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace bitlathe
