#include "core/kernels/elementwise_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

// Hardware alone does not hide the memory's latency behind short loops.
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p) + 4096, _MM_HINT_T0); }

INLINE __m256i integers(const std::uint8_t* codes, bool isSigned) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
    return isSigned ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
}

INLINE __m256i single(const std::uint8_t* codes, bool isSigned) {
    return _mm256_set1_epi32(isSigned ? static_cast<std::int8_t>(codes[0]) : codes[0]);
}

// Eight codes, 128 up where signed.
INLINE void store(std::uint8_t* y, __m256 v, __m256 low, __m256 high, std::uint8_t flip) {
    v = _mm256_min_ps(_mm256_max_ps(v, low), high);
    const __m256i codes = _mm256_cvtps_epi32(v);
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), _mm_xor_si128(_mm_packus_epi16(words, words), _mm_set1_epi8(static_cast<char>(flip))));
}

// The last elements, brought into buffers that are eight long.
struct Tail {
    std::uint8_t a[8], b[8], y[8];
};

INLINE void fillTail(Tail& tail, const BinaryTask& t, std::int64_t i) {
    for (std::int64_t j = 0; j < 8; ++j) {
        const std::int64_t from = i + j < t.count ? i + j : t.count - 1;
        tail.a[j] = t.a[from * t.aStep];
        tail.b[j] = t.b[from * t.bStep];
    }
}

// For sums: codes as unsigned bytes, signed ones 128 up.
INLINE __m256 shifted(const std::uint8_t* codes, const BinaryTask& t) {
    const __m128i bytes = _mm_xor_si128(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes)), _mm_set1_epi8(static_cast<char>(t.flip)));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

INLINE __m256 sum(const BinaryTask& t, const std::uint8_t* a, const std::uint8_t* b, __m256 aFactor, __m256 bFactor,
                  __m256 constant) {
    __m256 v = constant;
    if (t.bStep) v = _mm256_fmadd_ps(shifted(b, t), bFactor, v);
    if (t.aStep) v = _mm256_fmadd_ps(shifted(a, t), aFactor, v);
    return v;
}

INLINE __m256 product(__m256i a, __m256i b, __m256 factor, __m256 constant) {
    return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_mullo_epi32(a, b)), factor), constant);
}

}  // namespace

void addAvx2(const BinaryTask& task) noexcept {
    const BinaryTask t = task;  // what is stored cannot change it
    if (t.count <= 0) return;
    const __m256 low = _mm256_set1_ps(t.low), high = _mm256_set1_ps(t.high);
    const __m256 aFactor = _mm256_set1_ps(t.aFactor), bFactor = _mm256_set1_ps(t.bFactor);
    __m256 constant = _mm256_set1_ps(t.constant);
    if (t.aStep == 0) constant = _mm256_add_ps(constant, _mm256_mul_ps(_mm256_set1_ps(static_cast<float>(t.a[0] ^ t.flip)), aFactor));
    if (t.bStep == 0) constant = _mm256_add_ps(constant, _mm256_mul_ps(_mm256_set1_ps(static_cast<float>(t.b[0] ^ t.flip)), bFactor));
    std::int64_t i = 0;
    for (; i + 8 <= t.count; i += 8) {
        prefetch(t.a + i * t.aStep);
        prefetch(t.b + i * t.bStep);
        store(t.y + i, sum(t, t.a + i * t.aStep, t.b + i * t.bStep, aFactor, bFactor, constant), low, high, t.flip);
    }
    if (i == t.count) return;
    Tail tail;
    fillTail(tail, t, i);
    store(tail.y, sum(t, tail.a, tail.b, aFactor, bFactor, constant), low, high, t.flip);
    for (std::int64_t j = i; j < t.count; ++j) t.y[j] = tail.y[j - i];
}

void mulAvx2(const BinaryTask& task) noexcept {
    const BinaryTask t = task;  // what is stored cannot change it
    if (t.count <= 0) return;
    const __m256 low = _mm256_set1_ps(t.low), high = _mm256_set1_ps(t.high);
    const __m256 factor = _mm256_set1_ps(t.aFactor), constant = _mm256_set1_ps(t.constant);
    const __m256i aZero = _mm256_set1_epi32(t.aZero), bZero = _mm256_set1_epi32(t.bZero);
    const __m256i a0 = single(t.a, t.isSigned), b0 = single(t.b, t.isSigned);
    std::int64_t i = 0;
    Tail tail;
    if (t.count % 8) fillTail(tail, t, t.count / 8 * 8);
    for (; i + 8 <= t.count; i += 8) {
        prefetch(t.a + i * t.aStep);
        prefetch(t.b + i * t.bStep);
        const __m256i a = _mm256_sub_epi32(t.aStep ? integers(t.a + i, t.isSigned) : a0, aZero);
        const __m256i b = _mm256_sub_epi32(t.bStep ? integers(t.b + i, t.isSigned) : b0, bZero);
        store(t.y + i, product(a, b, factor, constant), low, high, t.flip);
    }
    if (i == t.count) return;
    const __m256i a = _mm256_sub_epi32(integers(tail.a, t.isSigned), aZero);
    const __m256i b = _mm256_sub_epi32(integers(tail.b, t.isSigned), bZero);
    store(tail.y, product(a, b, factor, constant), low, high, t.flip);
    for (std::int64_t j = i; j < t.count; ++j) t.y[j] = tail.y[j - i];
}

void lookupAvx2(const std::uint8_t* table, const std::uint8_t* x, std::uint8_t* y, std::int64_t count) noexcept {
    std::int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        prefetch(x + i);
        __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
        __m256i result = _mm256_setzero_si256();
        // Sixteen tables of sixteen: an index outside of the table at hand gets its top bit set and yields 0.
        for (int part = 0; part < 16; ++part) {
            const __m256i part16 =
                _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * part)));
            const __m256i inside = _mm256_adds_epu8(index, _mm256_set1_epi8(0x70));
            result = _mm256_or_si256(result, _mm256_shuffle_epi8(part16, inside));
            index = _mm256_sub_epi8(index, _mm256_set1_epi8(16));
        }
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), result);
    }
    for (; i < count; ++i) y[i] = table[x[i]];
}

}  // namespace bitlathe
