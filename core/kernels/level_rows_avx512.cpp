#include "core/kernels/level_rows_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

struct Group {
    const LevelRows* rows;
    std::int64_t at, end;
    float scale, divisor;
    std::int32_t zero;
    const LevelSet* set;
};

struct Coded {
    __m512 level;
    __m512i code;
};

INLINE __mmask16 maskOf(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }
INLINE __m512i bits(__m512 v) { return _mm512_castps_si512(v); }
INLINE __m512 floats(__m512i v) { return _mm512_castsi512_ps(v); }

INLINE void store(const LevelRows& r, std::int64_t at, __mmask16 mask, const Coded& c, __m512 scale, const bool codes) {
    if (r.decoded) {
        const __m512 value = _mm512_mul_ps(scale, c.level);
        if (mask == 0xffff) _mm512_storeu_ps(r.decoded + at, value);
        else _mm512_mask_storeu_ps(r.decoded + at, mask, value);
    }
    if (!codes) return;
    if (r.format.wide) {
        _mm256_mask_storeu_epi16(static_cast<std::uint16_t*>(r.codes) + at, mask, _mm512_cvtepi32_epi16(c.code));
    } else {
        const __m128i bytes = _mm512_cvtepi32_epi8(c.code);
        auto* to = reinterpret_cast<__m128i*>(static_cast<std::uint8_t*>(r.codes) + at);
        if (mask == 0xffff) _mm_storeu_si128(to, bytes);
        else _mm_mask_storeu_epi8(to, mask, bytes);
    }
}

// The law's quotient.
INLINE __m512 quotient(const float* x, __mmask16 mask, __m512 divisor) {
    const __m512 q = _mm512_div_ps(_mm512_maskz_loadu_ps(mask, x), divisor);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(q, q, _CMP_ORD_Q), q);
}

INLINE void steps(const Group& g, const bool codes) {
    const LevelRows& r = *g.rows;
    const __m512 scale = _mm512_set1_ps(g.scale), divisor = _mm512_set1_ps(g.divisor);
    const __m512 low = _mm512_set1_ps(static_cast<float>(r.format.low - g.zero)), high = _mm512_set1_ps(static_cast<float>(r.format.high - g.zero));
    for (std::int64_t at = g.at; at < g.end; at += 16) {
        const __mmask16 mask = maskOf(g.end - at);
        const __m512 nearest = _mm512_roundscale_ps(quotient(r.x + at, mask, divisor), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        Coded c;
        c.level = _mm512_min_ps(_mm512_max_ps(nearest, low), high);
        if (codes) c.code = _mm512_add_epi32(_mm512_cvtps_epi32(c.level), _mm512_set1_epi32(g.zero));
        store(r, at, mask, c, scale, codes);
    }
}

// Adding 2^23 quanta of the magnitude's binade rounds to a whole number of them.
INLINE void nearestFloats(const Group& g, const bool oneZero, const bool codes) {
    const LevelRows& r = *g.rows;
    const FloatLevels f = r.format.floats;
    const __m512 scale = _mm512_set1_ps(g.scale), divisor = _mm512_set1_ps(g.divisor), largest = _mm512_set1_ps(f.largest);
    const __m512i lowest = _mm512_set1_epi32((128 - f.bias) << 23), up = _mm512_set1_epi32((23 - f.mantissaBits) << 23);
    const __m512i signBit = _mm512_set1_epi32(static_cast<int>(0x80000000u)), exponentBits = _mm512_set1_epi32(0x7f800000);
    for (std::int64_t at = g.at; at < g.end; at += 16) {
        const __mmask16 mask = maskOf(g.end - at);
        const __m512 q = quotient(r.x + at, mask, divisor);
        const __m512 a = _mm512_min_ps(_mm512_abs_ps(q), largest);
        const __m512i exponent = _mm512_max_epi32(_mm512_and_si512(bits(a), exponentBits), lowest);
        const __m512i rounder = _mm512_add_epi32(exponent, up);
        const __m512 sum = _mm512_add_ps(a, floats(rounder)), magnitude = _mm512_sub_ps(sum, floats(rounder));
        Coded c;
        __m512i sign = _mm512_and_si512(bits(q), signBit);
        if (oneZero) sign = _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(magnitude, _mm512_setzero_ps(), _CMP_NEQ_OQ), sign);
        c.level = floats(_mm512_or_si512(bits(magnitude), sign));
        if (codes) {
            const __m512i binades = _mm512_srl_epi32(_mm512_sub_epi32(exponent, lowest), _mm_cvtsi32_si128(23 - f.mantissaBits));
            const __m512i code = _mm512_add_epi32(binades, _mm512_sub_epi32(bits(sum), rounder));
            c.code = _mm512_or_si512(code, _mm512_srl_epi32(sign, _mm_cvtsi32_si128(31 - f.exponentBits - f.mantissaBits)));
        }
        store(r, at, mask, c, scale, codes);
    }
}

// table[index], of 2^size entries; the answers of the steps beyond the fifth are masks already.
INLINE __m512 look(const float* table, const int size, __m512i index, const __mmask16 answers[8]) {
    if (size <= 4) return _mm512_permutexvar_ps(index, _mm512_loadu_ps(table));
    const int parts = 1 << (size - 5);
    __m512 found[8];
#pragma GCC unroll 8
    for (int i = 0; i < parts; ++i)
        found[i] = _mm512_permutex2var_ps(_mm512_loadu_ps(table + 32 * i), index, _mm512_loadu_ps(table + 32 * i + 16));
    if (size > 5) {
#pragma GCC unroll 4
        for (int i = 0; i < parts / 2; ++i) found[i] = _mm512_mask_mov_ps(found[2 * i], answers[5], found[2 * i + 1]);
    }
    if (size > 6) {
#pragma GCC unroll 2
        for (int i = 0; i < parts / 4; ++i) found[i] = _mm512_mask_mov_ps(found[2 * i], answers[6], found[2 * i + 1]);
    }
    if (size > 7) found[0] = _mm512_mask_mov_ps(found[0], answers[7], found[1]);
    return found[0];
}

// A search of `steps` comparisons.
INLINE void levels(const Group& g, const int steps, const bool codes) {
    const LevelRows& r = *g.rows;
    const LevelSet& set = *g.set;
    const __m512 scale = _mm512_set1_ps(g.scale), divisor = _mm512_set1_ps(g.divisor);
    for (std::int64_t at = g.at; at < g.end; at += 16) {
        const __mmask16 mask = maskOf(g.end - at);
        const __m512 q = quotient(r.x + at, mask, divisor);
        __mmask16 answers[8];
        __m512i index = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (int step = 0; step < steps; ++step) {
            const __m512 threshold = step == 0 ? _mm512_set1_ps(set.tree[1]) : look(set.tree + (1 << step), step, index, answers);
            answers[step] = _mm512_cmp_ps_mask(q, threshold, _CMP_GT_OQ);
            if (step < 5) index = _mm512_mask_or_epi32(index, answers[step], index, _mm512_set1_epi32(1 << step));
        }
        Coded c;
        c.level = look(set.leaves, steps, index, answers);
        if (codes) c.code = bits(look(reinterpret_cast<const float*>(set.leafCodes), steps, index, answers));
        store(r, at, mask, c, scale, codes);
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

void levelRowsAvx512(const LevelRows& rows) noexcept {
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
