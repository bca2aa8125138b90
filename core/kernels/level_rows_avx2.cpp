#include "core/kernels/level_rows_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr int prefetchBytes = 16 * 1024;  // ahead: the pass works on pieces of so many, and these rows see them first

struct Group {
    const LevelRows* rows;
    std::int64_t at, end;
    float scale, divisor;
    std::int32_t zero;
    const LevelSet* set;
};

struct Coded {
    __m256 level;
    __m256i code;
};

INLINE __m256i bits(__m256 v) { return _mm256_castps_si256(v); }
INLINE __m256 floats(__m256i v) { return _mm256_castsi256_ps(v); }

// All ones in the lanes below `count`.
INLINE __m256i lanesBelow(std::int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? static_cast<int>(count) : 8), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE void store(const LevelRows& r, std::int64_t at, std::int64_t left, const Coded& c, __m256 scale, const bool codes) {
    if (r.decoded) {
        const __m256 value = _mm256_mul_ps(scale, c.level);
        if (left >= 8) _mm256_storeu_ps(r.decoded + at, value);
        else _mm256_maskstore_ps(r.decoded + at, lanesBelow(left), value);
    }
    if (!codes) return;
    const int count = left < 8 ? static_cast<int>(left) : 8;
    const __m256i low16 = _mm256_and_si256(c.code, _mm256_set1_epi32(0xffff));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(low16), _mm256_extracti128_si256(low16, 1));
    if (r.format.wide) {
        alignas(16) std::uint16_t all[8];
        _mm_store_si128(reinterpret_cast<__m128i*>(all), words);
        auto* to = static_cast<std::uint16_t*>(r.codes) + at;
        for (int i = 0; i < count; ++i) to[i] = all[i];
        return;
    }
    const __m128i low8 = _mm_and_si128(words, _mm_set1_epi16(0xff));
    auto* to = static_cast<std::uint8_t*>(r.codes) + at;
    if (count == 8) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(low8, low8));
        return;
    }
    alignas(16) std::uint8_t all[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(all), _mm_packus_epi16(low8, low8));
    for (int i = 0; i < count; ++i) to[i] = all[i];
}

// The law's quotient.
INLINE __m256 quotient(const float* x, std::int64_t left, __m256 divisor) {
    _mm_prefetch(reinterpret_cast<const char*>(x) + prefetchBytes, _MM_HINT_T0);
    const __m256 v = left >= 8 ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, lanesBelow(left));
    const __m256 q = _mm256_div_ps(v, divisor);
    return _mm256_and_ps(q, _mm256_cmp_ps(q, q, _CMP_ORD_Q));
}

INLINE void steps(const Group& g, const bool codes) {
    const LevelRows& r = *g.rows;
    const __m256 scale = _mm256_set1_ps(g.scale), divisor = _mm256_set1_ps(g.divisor);
    const __m256 low = _mm256_set1_ps(static_cast<float>(r.format.low - g.zero)), high = _mm256_set1_ps(static_cast<float>(r.format.high - g.zero));
    for (std::int64_t at = g.at; at < g.end; at += 8) {
        const __m256 nearest = _mm256_round_ps(quotient(r.x + at, g.end - at, divisor), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        Coded c;
        c.level = _mm256_min_ps(_mm256_max_ps(nearest, low), high);
        if (codes) c.code = _mm256_add_epi32(_mm256_cvtps_epi32(c.level), _mm256_set1_epi32(g.zero));
        store(r, at, g.end - at, c, scale, codes);
    }
}

// Adding 2^23 quanta of the magnitude's binade rounds to a whole number of them.
INLINE void nearestFloats(const Group& g, const bool oneZero, const bool codes) {
    const LevelRows& r = *g.rows;
    const FloatLevels f = r.format.floats;
    const __m256 scale = _mm256_set1_ps(g.scale), divisor = _mm256_set1_ps(g.divisor), largest = _mm256_set1_ps(f.largest);
    const __m256i lowest = _mm256_set1_epi32((128 - f.bias) << 23), up = _mm256_set1_epi32((23 - f.mantissaBits) << 23);
    const __m256i signBit = _mm256_set1_epi32(static_cast<int>(0x80000000u)), exponentBits = _mm256_set1_epi32(0x7f800000);
    for (std::int64_t at = g.at; at < g.end; at += 8) {
        const __m256 q = quotient(r.x + at, g.end - at, divisor);
        const __m256 a = _mm256_min_ps(_mm256_andnot_ps(floats(signBit), q), largest);
        const __m256i exponent = _mm256_max_epi32(_mm256_and_si256(bits(a), exponentBits), lowest);
        const __m256i rounder = _mm256_add_epi32(exponent, up);
        const __m256 sum = _mm256_add_ps(a, floats(rounder)), magnitude = _mm256_sub_ps(sum, floats(rounder));
        Coded c;
        __m256i sign = _mm256_and_si256(bits(q), signBit);
        if (oneZero) sign = _mm256_and_si256(sign, bits(_mm256_cmp_ps(magnitude, _mm256_setzero_ps(), _CMP_NEQ_OQ)));
        c.level = floats(_mm256_or_si256(bits(magnitude), sign));
        if (codes) {
            const __m256i binades = _mm256_srl_epi32(_mm256_sub_epi32(exponent, lowest), _mm_cvtsi32_si128(23 - f.mantissaBits));
            const __m256i code = _mm256_add_epi32(binades, _mm256_sub_epi32(bits(sum), rounder));
            c.code = _mm256_or_si256(code, _mm256_srl_epi32(sign, _mm_cvtsi32_si128(31 - f.exponentBits - f.mantissaBits)));
        }
        store(r, at, g.end - at, c, scale, codes);
    }
}

// table[index], of 2^size entries.
INLINE __m256 look(const float* table, const int size, __m256i index) {
    if (size <= 3) return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), index);
    if (size > 4) return _mm256_i32gather_ps(table, index, 4);
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), index), high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), index);
    return _mm256_blendv_ps(low, high, floats(_mm256_slli_epi32(index, 28)));
}

// A search of `steps` comparisons.
INLINE void levels(const Group& g, const int steps, const bool codes) {
    const LevelRows& r = *g.rows;
    const LevelSet& set = *g.set;
    const __m256 scale = _mm256_set1_ps(g.scale), divisor = _mm256_set1_ps(g.divisor);
    for (std::int64_t at = g.at; at < g.end; at += 8) {
        const __m256 q = quotient(r.x + at, g.end - at, divisor);
        __m256i index = _mm256_setzero_si256();
#pragma GCC unroll 8
        for (int step = 0; step < steps; ++step) {
            const __m256 threshold = step == 0 ? _mm256_set1_ps(set.tree[1]) : look(set.tree + (1 << step), step, index);
            const __m256i answer = bits(_mm256_cmp_ps(q, threshold, _CMP_GT_OQ));
            index = _mm256_or_si256(index, _mm256_and_si256(answer, _mm256_set1_epi32(1 << step)));
        }
        Coded c;
        c.level = look(set.leaves, steps, index);
        if (codes) c.code = bits(look(reinterpret_cast<const float*>(set.leafCodes), steps, index));
        store(r, at, g.end - at, c, scale, codes);
    }
}

INLINE void group(const Group& g, const bool codes) {
    const LevelFormat& f = g.rows->format;
    if (f.kind == LevelFormat::Kind::Steps) return steps(g, codes);
    if (f.kind == LevelFormat::Kind::Floats) return f.floats.oneZero ? nearestFloats(g, true, codes) : nearestFloats(g, false, codes);
    switch (g.set->steps) {
    case 0: return levels(g, 0, codes);
    case 1: return levels(g, 1, codes);
    case 2: return levels(g, 2, codes);
    case 3: return levels(g, 3, codes);
    case 4: return levels(g, 4, codes);
    case 5: return levels(g, 5, codes);
    case 6: return levels(g, 6, codes);
    case 7: return levels(g, 7, codes);
    default: return levels(g, 8, codes);
    }
}

}  // namespace

void levelRowsAvx2(const LevelRows& rows) noexcept {
    const LevelRows r = rows;  // what is stored cannot change it
    const LevelGroups& all = r.groups;
    for (std::int64_t i = 0, at = 0; at < r.count; ++i) {
        const float scale = all.scales[i];
        const Group g{&r, at, r.count - at < all.size ? r.count : at + all.size, scale, all.divisors ? all.divisors[i] : scale,
                      all.zeroPoints ? all.zeroPoints[i] : 0, all.sets ? all.sets + (all.oneSet ? 0 : i) : nullptr};
        if (r.codes) group(g, true);
        else group(g, false);
        at = g.end;
    }
}

}  // namespace bitlathe
