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
    __m512 level;
    __m512i code;
};

INLINE __mmask16 maskOf(std::int64_t left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }
INLINE __m512i bits(__m512 v) { return _mm512_castps_si512(v); }
INLINE __m512 floats(__m512i v) { return _mm512_castsi512_ps(v); }

INLINE Group groupAt(const LevelRows& r, std::int64_t i, std::int64_t at) {
    const LevelGroups& all = r.groups;
    const float scale = all.scales[i];
    return {&r, at, r.count - at < all.size ? r.count : at + all.size, scale, all.divisors ? all.divisors[i] : scale,
            all.zeroPoints ? all.zeroPoints[i] : 0, all.sets ? all.sets + (all.oneSet ? 0 : i) : nullptr};
}

// What a run needs of its rows, in registers.
struct Run {
    const float* x;
    float* decoded;
    std::uint8_t* codes;
    std::uint16_t* wideCodes;
    __m512 scale, divisor;
};

INLINE Run runOf(const Group& g) {
    const LevelRows& r = *g.rows;
    auto* bytes = r.format.wide ? nullptr : static_cast<std::uint8_t*>(r.codes);
    auto* words = r.format.wide ? static_cast<std::uint16_t*>(r.codes) : nullptr;
    return {r.x, r.decoded, bytes, words, _mm512_set1_ps(g.scale), _mm512_set1_ps(g.divisor)};
}

INLINE void store(const Run& r, std::int64_t at, __mmask16 mask, const Coded& c, const bool codes, const bool whole) {
    if (r.decoded) {
        const __m512 value = _mm512_mul_ps(r.scale, c.level);
        if (whole) _mm512_storeu_ps(r.decoded + at, value);
        else _mm512_mask_storeu_ps(r.decoded + at, mask, value);
    }
    if (!codes) return;
    if (r.wideCodes) {
        _mm256_mask_storeu_epi16(r.wideCodes + at, mask, _mm512_cvtepi32_epi16(c.code));
    } else {
        const __m128i bytes = _mm512_cvtepi32_epi8(c.code);
        if (whole) _mm_storeu_si128(reinterpret_cast<__m128i*>(r.codes + at), bytes);
        else _mm_mask_storeu_epi8(r.codes + at, mask, bytes);
    }
}

// The law's quotient.
INLINE __m512 quotient(const Run& r, std::int64_t at, __mmask16 mask, const bool whole) {
    const __m512 x = whole ? _mm512_loadu_ps(r.x + at) : _mm512_maskz_loadu_ps(mask, r.x + at);
    _mm_prefetch(reinterpret_cast<const char*>(r.x + at) + prefetchBytes, _MM_HINT_T0);
    const __m512 q = _mm512_div_ps(x, r.divisor);
    return _mm512_fixupimm_ps(q, q, _mm512_set1_epi32(0x88), 0);  // NaN, quiet or not, becomes 0
}

struct Steps {
    __m512 low, high;
    __m512i zero;
};

INLINE void step(const Run& r, const Steps& s, std::int64_t at, __mmask16 mask, const bool codes, const bool whole) {
    const __m512 nearest = _mm512_roundscale_ps(quotient(r, at, mask, whole), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    Coded c;
    c.level = _mm512_min_ps(_mm512_max_ps(nearest, s.low), s.high);
    if (codes) c.code = _mm512_add_epi32(_mm512_cvtps_epi32(c.level), s.zero);
    store(r, at, mask, c, codes, whole);
}

INLINE void steps(const LevelRows& rows, const bool codes) {
    for (std::int64_t i = 0, at = 0; at < rows.count; ++i) {
        const Group g = groupAt(rows, i, at);
        const Run r = runOf(g);
        const Steps s{_mm512_set1_ps(static_cast<float>(rows.format.low - g.zero)), _mm512_set1_ps(static_cast<float>(rows.format.high - g.zero)), _mm512_set1_epi32(g.zero)};
        for (; at + 16 <= g.end; at += 16) step(r, s, at, 0xffff, codes, true);
        if (at < g.end) step(r, s, at, maskOf(g.end - at), codes, false);
        at = g.end;
    }
}

struct Floats {
    __m512 largest;
    __m512i lowest, up;
    __m128i mantissaShift, signShift;
};

// Adding 2^23 quanta of the magnitude's binade rounds to a whole number of them.
INLINE void nearestFloat(const Run& r, const Floats& f, std::int64_t at, __mmask16 mask, const bool oneZero, const bool codes, const bool whole) {
    const __m512 q = quotient(r, at, mask, whole);
    const __m512 a = _mm512_min_ps(_mm512_abs_ps(q), f.largest);
    const __m512i exponent = _mm512_max_epi32(_mm512_and_si512(bits(a), _mm512_set1_epi32(0x7f800000)), f.lowest);
    const __m512i rounder = _mm512_add_epi32(exponent, f.up);
    const __m512 sum = _mm512_add_ps(a, floats(rounder)), magnitude = _mm512_sub_ps(sum, floats(rounder));
    Coded c;
    __m512i sign = _mm512_and_si512(bits(q), _mm512_set1_epi32(static_cast<int>(0x80000000u)));
    if (oneZero) sign = _mm512_maskz_mov_epi32(_mm512_cmp_ps_mask(magnitude, _mm512_setzero_ps(), _CMP_NEQ_OQ), sign);
    c.level = floats(_mm512_or_si512(bits(magnitude), sign));
    if (codes) {
        const __m512i binades = _mm512_srl_epi32(_mm512_sub_epi32(exponent, f.lowest), f.mantissaShift);
        const __m512i code = _mm512_add_epi32(binades, _mm512_sub_epi32(bits(sum), rounder));
        c.code = _mm512_or_si512(code, _mm512_srl_epi32(sign, f.signShift));
    }
    store(r, at, mask, c, codes, whole);
}

INLINE void nearestFloats(const LevelRows& rows, const bool oneZero, const bool codes) {
    const FloatLevels& from = rows.format.floats;
    const Floats f{_mm512_set1_ps(from.largest), _mm512_set1_epi32((128 - from.bias) << 23), _mm512_set1_epi32((23 - from.mantissaBits) << 23),
                   _mm_cvtsi32_si128(23 - from.mantissaBits), _mm_cvtsi32_si128(31 - from.exponentBits - from.mantissaBits)};
    for (std::int64_t i = 0, at = 0; at < rows.count; ++i) {
        const Group g = groupAt(rows, i, at);
        const Run r = runOf(g);
        for (; at + 16 <= g.end; at += 16) nearestFloat(r, f, at, 0xffff, oneZero, codes, true);
        if (at < g.end) nearestFloat(r, f, at, maskOf(g.end - at), oneZero, codes, false);
        at = g.end;
    }
}

// A set's tables; those of few entries in registers.
struct Tables {
    __m512 first, nodes[5], leaves;  // nodes[k]: the thresholds of comparison k, 1 … 4
    const float *tree, *allLeaves, *codes;
};

// table[index], of 2^size > 16 entries; the answers of the comparisons beyond the fifth are masks already.
INLINE __m512 look(const float* table, const int size, __m512i index, const __mmask16 answers[8]) {
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
INLINE void level(const Run& r, const Tables& t, std::int64_t at, __mmask16 mask, const int steps, const bool codes, const bool whole) {
    const __m512 q = quotient(r, at, mask, whole);
    __mmask16 answers[8];
    __m512i index = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int step = 0; step < steps; ++step) {
        const __m512 threshold = step == 0  ? t.first
                                 : step < 5 ? _mm512_permutexvar_ps(index, t.nodes[step])
                                            : look(t.tree + (1 << step), step, index, answers);
        if (step == 0) {
            index = _mm512_srli_epi32(bits(_mm512_sub_ps(threshold, q)), 31);
            continue;
        }
        if (step == 2) {
            const __m512i below = _mm512_srli_epi32(bits(_mm512_sub_ps(threshold, q)), 31 - step);
            index = _mm512_ternarylogic_epi32(index, below, _mm512_set1_epi32(1 << step), 0xf8);
            continue;
        }
        answers[step] = _mm512_cmp_ps_mask(q, threshold, _CMP_GT_OQ);
        if (step < 5) index = _mm512_mask_or_epi32(index, answers[step], index, _mm512_set1_epi32(1 << step));
    }
    Coded c;
    c.level = steps < 5 ? _mm512_permutexvar_ps(index, t.leaves) : look(t.allLeaves, steps, index, answers);
    if (codes) c.code = bits(steps < 5 ? _mm512_permutexvar_ps(index, _mm512_loadu_ps(t.codes)) : look(t.codes, steps, index, answers));
    store(r, at, mask, c, codes, whole);
}

INLINE void levels(const Group& g, const int steps, const bool codes) {
    const LevelSet& set = *g.set;
    const Run r = runOf(g);
    Tables t;
    t.tree = set.tree;
    t.allLeaves = set.leaves;
    t.codes = reinterpret_cast<const float*>(set.leafCodes);
    t.first = _mm512_set1_ps(set.tree[1]);
    t.leaves = _mm512_loadu_ps(set.leaves);
#pragma GCC unroll 5
    for (int step = 1; step < 5; ++step) t.nodes[step] = step < steps ? _mm512_loadu_ps(set.tree + (1 << step)) : _mm512_setzero_ps();
    std::int64_t at = g.at;
    for (; at + 16 <= g.end; at += 16) level(r, t, at, 0xffff, steps, codes, true);
    if (at < g.end) level(r, t, at, maskOf(g.end - at), steps, codes, false);
}

struct Cells {
    __m512 thresholds[2], below[2], above[2];
    __m512 perUnit, offset;
    __m512i least, last;
    __m128i shift;
    const LevelCells* from;
};

INLINE __m512 look32(const float* table, __m512i index) { return _mm512_permutex2var_ps(_mm512_loadu_ps(table), index, _mm512_loadu_ps(table + 16)); }

// One comparison, in the cell of q.
INLINE void cellLevel(const Run& r, const Cells& t, std::int64_t at, __mmask16 mask, const bool even, const bool codes, const bool whole) {
    const __m512 q = quotient(r, at, mask, whole);
    __m512i cell;
    if (even) {
        const __m512 place = _mm512_fmadd_ps(q, t.perUnit, t.offset);
        cell = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(place, _mm512_setzero_ps()), _mm512_set1_ps(31.0f)));
    } else {
        const __m512i binade = _mm512_srl_epi32(_mm512_and_si512(bits(q), _mm512_set1_epi32(0x7fffffff)), t.shift);
        const __m512i within = _mm512_min_epi32(_mm512_max_epi32(binade, t.least), t.last);
        // Bit 4 from the sign, the rest from the binade.
        cell = _mm512_ternarylogic_epi32(_mm512_set1_epi32(16), _mm512_srli_epi32(bits(q), 27), within, 0xca);
    }
    const __mmask16 above = _mm512_cmp_ps_mask(q, _mm512_permutex2var_ps(t.thresholds[0], cell, t.thresholds[1]), _CMP_GT_OQ);
    Coded c;
    c.level = _mm512_mask_mov_ps(_mm512_permutex2var_ps(t.below[0], cell, t.below[1]), above, _mm512_permutex2var_ps(t.above[0], cell, t.above[1]));
    if (codes) {
        const __m512 low = look32(reinterpret_cast<const float*>(t.from->codesBelow), cell), high = look32(reinterpret_cast<const float*>(t.from->codesAbove), cell);
        c.code = bits(_mm512_mask_mov_ps(low, above, high));
    }
    store(r, at, mask, c, codes, whole);
}

INLINE void cellLevels(const Group& g, const bool even, const bool codes) {
    const LevelCells& from = *g.set->cells;
    const Run r = runOf(g);
    const Cells t{{_mm512_loadu_ps(from.thresholds), _mm512_loadu_ps(from.thresholds + 16)},
                  {_mm512_loadu_ps(from.below), _mm512_loadu_ps(from.below + 16)},
                  {_mm512_loadu_ps(from.above), _mm512_loadu_ps(from.above + 16)},
                  _mm512_set1_ps(from.perUnit), _mm512_set1_ps(from.offset),
                  _mm512_set1_epi32(from.least), _mm512_set1_epi32(from.least + 15), _mm_cvtsi32_si128(from.shift), &from};
    std::int64_t at = g.at;
    for (; at + 16 <= g.end; at += 16) cellLevel(r, t, at, 0xffff, even, codes, true);
    if (at < g.end) cellLevel(r, t, at, maskOf(g.end - at), even, codes, false);
}

INLINE void levelGroup(const Group& g, const bool codes) {
    if (g.set->cells) return g.set->cells->kind == LevelCells::Kind::Even ? cellLevels(g, true, codes) : cellLevels(g, false, codes);
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

INLINE void all(const LevelRows& r, const bool codes) {
    if (r.format.kind == LevelFormat::Kind::Steps) return steps(r, codes);
    if (r.format.kind == LevelFormat::Kind::Floats) return r.format.floats.oneZero ? nearestFloats(r, true, codes) : nearestFloats(r, false, codes);
    for (std::int64_t i = 0, at = 0; at < r.count; ++i) {
        const Group g = groupAt(r, i, at);
        levelGroup(g, codes);
        at = g.end;
    }
}

}  // namespace

void levelRowsAvx512(const LevelRows& rows) noexcept {
    const LevelRows r = rows;  // what is stored cannot change it
    if (r.codes) all(r, true);
    else all(r, false);
}

}  // namespace bitlathe
