// product_lanes.h with AVX2: a pair of registers.
#pragma once

#include "core/kernels/block_lanes.h"

// A step of a loop over groups: in registers.
#define PRODUCT_STEP LANES_INLINE

namespace bitlathe {
namespace {

struct Bytes {
    __m256i a, b;
};

LANES_INLINE __m128i load16(const void* x) { return _mm_loadu_si128(static_cast<const __m128i*>(x)); }
LANES_INLINE __m256i twice(__m128i x) { return _mm256_broadcastsi128_si256(x); }

LANES_INLINE Bytes loadAll(const void* x) {
    return {_mm256_loadu_si256(static_cast<const __m256i*>(x)), _mm256_loadu_si256(static_cast<const __m256i*>(x) + 1)};
}
LANES_INLINE void storeAll(void* y, Bytes x) {
    _mm256_storeu_si256(static_cast<__m256i*>(y), x.a);
    _mm256_storeu_si256(static_cast<__m256i*>(y) + 1, x.b);
}
LANES_INLINE Bytes quarters(const std::uint8_t* x, int step) {
    return {_mm256_set_m128i(load16(x + step), load16(x)), _mm256_set_m128i(load16(x + 3 * step), load16(x + 2 * step))};
}
LANES_INLINE Bytes quarters(const std::uint8_t* x, const std::uint8_t* y, int step) {
    return {_mm256_set_m128i(load16(x + step), load16(x)), _mm256_set_m128i(load16(y + step), load16(y))};
}
LANES_INLINE Bytes quarterBytes(std::uint8_t even, std::uint8_t odd) {
    const __m256i both = _mm256_set_m128i(_mm_set1_epi8(static_cast<char>(odd)), _mm_set1_epi8(static_cast<char>(even)));
    return {both, both};
}
LANES_INLINE Bytes operator|(Bytes x, Bytes y) { return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)}; }
template <int From, int Mask>
LANES_INLINE Bytes field(Bytes x) {
    const __m256i mask = _mm256_set1_epi8(Mask);
    return {_mm256_and_si256(From == 0 ? x.a : _mm256_srli_epi16(x.a, From), mask), _mm256_and_si256(From == 0 ? x.b : _mm256_srli_epi16(x.b, From), mask)};
}
template <int By>
LANES_INLINE Bytes raised(Bytes x) {
    return {_mm256_slli_epi16(x.a, By), _mm256_slli_epi16(x.b, By)};
}
LANES_INLINE Bytes where(Bytes x, Bytes test, std::uint8_t value) {
    const __m256i zero = _mm256_setzero_si256(), by = _mm256_set1_epi8(static_cast<char>(value));
    return {_mm256_andnot_si256(_mm256_cmpeq_epi8(_mm256_and_si256(x.a, test.a), zero), by), _mm256_andnot_si256(_mm256_cmpeq_epi8(_mm256_and_si256(x.b, test.b), zero), by)};
}
LANES_INLINE Bytes fromBits(std::uint64_t bits, std::uint8_t value) {
    const __m256i which = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
    const __m256i first = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i all = _mm256_set1_epi64x(static_cast<long long>(bits));
    return where({_mm256_shuffle_epi8(all, first), _mm256_shuffle_epi8(all, _mm256_add_epi8(first, _mm256_set1_epi8(4)))}, {which, which}, value);
}
LANES_INLINE Bytes lookUp(const std::int8_t* table, Bytes x) {
    const __m256i t = twice(load16(table));
    return {_mm256_shuffle_epi8(t, x.a), _mm256_shuffle_epi8(t, x.b)};
}
LANES_INLINE Bytes tripled(Bytes x) { return {_mm256_add_epi8(_mm256_add_epi8(x.a, x.a), x.a), _mm256_add_epi8(_mm256_add_epi8(x.b, x.b), x.b)}; }
LANES_INLINE __m256i thirds(__m256i x) {
    const __m256i one = _mm256_set1_epi8(1);
    return _mm256_add_epi8(_mm256_min_epu8(_mm256_subs_epu8(x, _mm256_set1_epi8(85)), one), _mm256_min_epu8(_mm256_subs_epu8(x, _mm256_set1_epi8(static_cast<char>(170))), one));
}
LANES_INLINE Bytes thirds(Bytes x) { return {thirds(x.a), thirds(x.b)}; }
LANES_INLINE Bytes evenQuarters(Bytes x, Bytes y) { return {_mm256_permute2x128_si256(x.a, y.a, 0x20), _mm256_permute2x128_si256(x.b, y.b, 0x20)}; }
LANES_INLINE Bytes oddQuarters(Bytes x, Bytes y) { return {_mm256_permute2x128_si256(x.a, y.a, 0x31), _mm256_permute2x128_si256(x.b, y.b, 0x31)}; }
LANES_INLINE Bytes twoQuarters(std::uint64_t low, std::uint64_t high, std::uint64_t low2, std::uint64_t high2) {
    const auto both = [](std::uint64_t l, std::uint64_t h) { return twice(_mm_set_epi64x(static_cast<long long>(h), static_cast<long long>(l))); };
    return {both(low, high), both(low2, high2)};
}

LANES_INLINE Ints zeros() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
LANES_INLINE Ints loadInts(const std::int32_t* x) {
    const Bytes b = loadAll(x);
    return {b.a, b.b};
}
LANES_INLINE Ints operator+(Ints x, Ints y) { return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)}; }
LANES_INLINE Ints operator-(Ints x, Ints y) { return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)}; }
LANES_INLINE Ints operator&(Ints x, int y) { return {_mm256_and_si256(x.a, _mm256_set1_epi32(y)), _mm256_and_si256(x.b, _mm256_set1_epi32(y))}; }
template <int By>
LANES_INLINE Ints left(Ints x) {
    return {_mm256_slli_epi32(x.a, By), _mm256_slli_epi32(x.b, By)};
}
template <int By>
LANES_INLINE Ints right(Ints x) {
    return {_mm256_srai_epi32(x.a, By), _mm256_srai_epi32(x.b, By)};
}
LANES_INLINE Floats asFloats(Ints x) { return {_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)}; }
// 127 · 127 · 2 fits 16 bits.
LANES_INLINE Ints dot(Ints sum, Bytes codes, Bytes x) {
    const __m256i ones = _mm256_set1_epi16(1);
    return {_mm256_add_epi32(sum.a, _mm256_madd_epi16(_mm256_maddubs_epi16(codes.a, x.a), ones)),
            _mm256_add_epi32(sum.b, _mm256_madd_epi16(_mm256_maddubs_epi16(codes.b, x.b), ones))};
}
// Signs move to the activations' codes, which are never −128: 128 · 127 · 2 fits too.
constexpr int kRowsAtOnce = 1;
constexpr int kSignedBias = 0;
LANES_INLINE Bytes biased(Bytes codes) { return codes; }
LANES_INLINE Ints dotBiased(Ints sum, Bytes codes, Bytes x) {
    return dot(sum, {_mm256_abs_epi8(codes.a), _mm256_abs_epi8(codes.b)}, {_mm256_sign_epi8(x.a, codes.a), _mm256_sign_epi8(x.b, codes.b)});
}
LANES_INLINE Ints sumsOfQuarters(Ints x, Ints y, Ints z, Ints w) {
    return {_mm256_hadd_epi32(_mm256_hadd_epi32(x.a, y.a), _mm256_hadd_epi32(z.a, w.a)), _mm256_hadd_epi32(_mm256_hadd_epi32(x.b, y.b), _mm256_hadd_epi32(z.b, w.b))};
}
LANES_INLINE Ints signedBytes(std::uint64_t x, std::uint64_t y) {
    return {_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(static_cast<long long>(x))), _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(static_cast<long long>(y)))};
}
LANES_INLINE Ints signedPairs(std::uint64_t x, std::uint64_t y, std::uint64_t z, std::uint64_t w) {
    return {_mm256_cvtepi16_epi32(_mm_set_epi64x(static_cast<long long>(y), static_cast<long long>(x))),
            _mm256_cvtepi16_epi32(_mm_set_epi64x(static_cast<long long>(w), static_cast<long long>(z)))};
}
LANES_INLINE __m128i eightPairs(const std::uint8_t* x, int step) {
    const auto at = [=](int i) {
        short half;
        __builtin_memcpy(&half, x + i * step, 2);
        return half;
    };
    return _mm_set_epi16(at(7), at(6), at(5), at(4), at(3), at(2), at(1), at(0));
}
LANES_INLINE Ints stridedPairs(const std::uint8_t* x, int step) { return {_mm256_cvtepu16_epi32(eightPairs(x, step)), _mm256_cvtepu16_epi32(eightPairs(x + 8 * step, step))}; }
LANES_INLINE __m256 eightHalves(const std::uint8_t* x, int step) { return _mm256_cvtph_ps(eightPairs(x, step)); }
LANES_INLINE Floats stridedHalves(const std::uint8_t* x, int step) { return {eightHalves(x, step), eightHalves(x + 8 * step, step)}; }
LANES_INLINE Floats twoHalves(const std::uint8_t* x, const std::uint8_t* y) { return {eightHalves(x, 0), eightHalves(y, 0)}; }
// Eight scales, eight mins.
LANES_INLINE __m128i sixes(const std::uint8_t* x) {
    const __m128i all = load16(x), masks = _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f);
    const __m128i low = _mm_shuffle_epi8(all, _mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m128i high = _mm_shuffle_epi8(all, _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11));
    return _mm_or_si128(_mm_and_si128(_mm_srlv_epi32(low, _mm_setr_epi32(0, 0, 0, 4)), masks), _mm_and_si128(_mm_srli_epi32(high, 2), _mm_set1_epi8(0x30)));
}
LANES_INLINE void sixBitScales(const std::uint8_t* x, const std::uint8_t* y, Ints& scales, Ints& mins) {
    const __m128i first = sixes(x), second = sixes(y);
    scales = {_mm256_cvtepi8_epi32(first), _mm256_cvtepi8_epi32(second)};
    mins = {_mm256_cvtepi8_epi32(_mm_srli_si128(first, 8)), _mm256_cvtepi8_epi32(_mm_srli_si128(second, 8))};
}
LANES_INLINE std::int32_t sumOfInts(Ints x) {
    const __m256i eight = _mm256_add_epi32(x.a, x.b);
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}
LANES_INLINE Floats loadBfloats(const std::uint8_t* x) {
    const auto eight = [](__m128i halves) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16)); };
    return {eight(load16(x)), eight(load16(x + 16))};
}
LANES_INLINE float sumOfLanes(Floats x) {
    const __m256 eight = _mm256_add_ps(x.a, x.b);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace bitlathe
