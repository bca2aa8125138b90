#include "core/kernels/elementwise_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// Hardware alone does not hide the memory's latency behind short loops.
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p) + 4096, _MM_HINT_T0); }

INLINE __mmask16 maskOf(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }

INLINE __m512i integers(const std::uint8_t* codes, int step, std::int64_t i, __mmask16 mask, bool isSigned) {
    const __m128i bytes = step ? _mm_maskz_loadu_epi8(mask, codes + i) : _mm_set1_epi8(static_cast<char>(codes[0]));
    return isSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
}

// For sums: codes as unsigned bytes, signed ones 128 up.
INLINE __m512 shifted(const std::uint8_t* codes, int step, std::int64_t i, __mmask16 mask, std::uint8_t flip) {
    const __m128i bytes = step ? _mm_maskz_loadu_epi8(mask, codes + i) : _mm_set1_epi8(static_cast<char>(codes[0]));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(flip)))));
}

// Masked stores that narrow are slow, so whole vectors are narrowed first.
INLINE void storeBytes(std::uint8_t* y, __mmask16 mask, __m512i v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(v);
    if (mask == 0xffff) _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
    else _mm_mask_storeu_epi8(y, mask, bytes);
}

// Codes, 128 up where signed.
INLINE void store(std::uint8_t* y, __mmask16 mask, __m512 v, __m512 low, __m512 high, std::uint8_t flip) {
    v = _mm512_min_ps(_mm512_max_ps(v, low), high);
    storeBytes(y, mask, _mm512_xor_si512(_mm512_cvtps_epi32(v), _mm512_set1_epi32(flip)));
}

}  // namespace

void addAvx512(const BinaryTask& task) noexcept {
    const BinaryTask t = task;  // what is stored cannot change it
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
    const __m512 aFactor = _mm512_set1_ps(t.aFactor), bFactor = _mm512_set1_ps(t.bFactor);
    __m512 constant = _mm512_set1_ps(t.constant);
    if (t.count > 0 && t.aStep == 0)
        constant = _mm512_add_ps(constant, _mm512_mul_ps(shifted(t.a, 0, 0, 0xffff, t.flip), aFactor));
    if (t.count > 0 && t.bStep == 0)
        constant = _mm512_add_ps(constant, _mm512_mul_ps(shifted(t.b, 0, 0, 0xffff, t.flip), bFactor));
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        prefetch(t.a + i * t.aStep);
        prefetch(t.b + i * t.bStep);
        __m512 v = constant;
        if (t.bStep) v = _mm512_fmadd_ps(shifted(t.b, 1, i, mask, t.flip), bFactor, v);
        if (t.aStep) v = _mm512_fmadd_ps(shifted(t.a, 1, i, mask, t.flip), aFactor, v);
        store(t.y + i, mask, v, low, high, t.flip);
    }
}

void mulAvx512(const BinaryTask& task) noexcept {
    const BinaryTask t = task;  // what is stored cannot change it
    const __m512 low = _mm512_set1_ps(t.low), high = _mm512_set1_ps(t.high);
    const __m512 factor = _mm512_set1_ps(t.aFactor), constant = _mm512_set1_ps(t.constant);
    const __m512i aZero = _mm512_set1_epi32(t.aZero), bZero = _mm512_set1_epi32(t.bZero);
    // A single operand is read before anything is written: y may lie over it.
    const __m512i a0 = t.count > 0 ? integers(t.a, 0, 0, 0xffff, t.isSigned) : aZero;
    const __m512i b0 = t.count > 0 ? integers(t.b, 0, 0, 0xffff, t.isSigned) : bZero;
    for (std::int64_t i = 0; i < t.count; i += 16) {
        const __mmask16 mask = maskOf(t.count - i);
        prefetch(t.a + i * t.aStep);
        prefetch(t.b + i * t.bStep);
        const __m512i a = _mm512_sub_epi32(t.aStep ? integers(t.a, 1, i, mask, t.isSigned) : a0, aZero);
        const __m512i b = _mm512_sub_epi32(t.bStep ? integers(t.b, 1, i, mask, t.isSigned) : b0, bZero);
        // Differences fit 9 bits and a sign, so the 16-bit multiply-add of their low halves is their product.
        const __m512i product = _mm512_madd_epi16(a, _mm512_and_si512(b, _mm512_set1_epi32(0xffff)));
        store(t.y + i, mask, _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(product), factor), constant), low, high, t.flip);
    }
}

void lookupAvx512(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept {
    // The table as 128 words in four registers; the lowest bit of a code then picks the byte of the word.
    const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
    const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
    for (std::int64_t i = 0; i < count; i += 32) {
        const std::int64_t left = count - i;
        const __mmask32 mask = left >= 32 ? ~__mmask32{0} : (__mmask32{1} << left) - 1;
        prefetch(x + i);
        const __m512i code = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, x + i));
        const __m512i word = _mm512_srli_epi16(code, 1);
        const __m512i low = _mm512_permutex2var_epi16(t0, word, t1), high = _mm512_permutex2var_epi16(t2, word, t3);
        const __mmask32 upper = _mm512_test_epi16_mask(code, _mm512_set1_epi16(0x80));
        const __m512i shift = _mm512_slli_epi16(_mm512_and_si512(code, _mm512_set1_epi16(1)), 3);
        const __m512i pair = _mm512_mask_blend_epi16(upper, low, high);
        const __m256i bytes = _mm512_cvtepi16_epi8(_mm512_srlv_epi16(pair, shift));
        if (left >= 32) _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), bytes);
        else _mm256_mask_storeu_epi8(y + i, mask, bytes);
    }
}

}  // namespace bitlathe
