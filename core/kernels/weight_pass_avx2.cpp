#include "core/kernels/weight_pass_kernels.h"

#include <immintrin.h>

// The plan is that of weight_pass_avx512.cpp: nearest integers by a reciprocal and the addition of
// 1.5 * 2^23; elements with a suspicious error are looked at again. Sixteen lanes are two halves.

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr float magicNumber = 12582912.0f;  // 1.5 * 2^23
constexpr int prefetchBytes = 12 * 1024;    // ahead; less does not hide the memory's latency

struct Scale {
    __m256 scale, inverse, low, high;  // low and high: of codes less the zero point; of given values: what is not clipped
    __m256i lowBits, highBits;  // of magicNumber + low, + high
    __m256i unsuspicious;       // bits of the error from which on an element is looked at again, less 1
};

struct Sums {
    __m256 error2[2], value2[2], valueError[2];
};

struct Totals {
    __m256 error2[2], value2[2], valueError[2];
    __m256i maxError[2];  // bits of a magnitude: they order as the floats do
    __m256i clipped[2], notFinite[2];
};

struct Parameters {
    float inverse[weightPieceGroups + 8], low[weightPieceGroups + 8], high[weightPieceGroups + 8];
    std::int32_t unsuspicious[weightPieceGroups + 8];
};

INLINE __m256i bits(__m256 v) { return _mm256_castps_si256(v); }
INLINE __m256 floats(__m256i v) { return _mm256_castsi256_ps(v); }
INLINE __m256i magnitudeBits(__m256 v) { return _mm256_and_si256(bits(v), _mm256_set1_epi32(0x7fffffff)); }

// All ones in the lanes below `count`.
INLINE __m256i lanesBelow(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE __m256i finiteLanes(__m256 x) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(0x7f800000), magnitudeBits(x)); }

// Eight groups at a time.
INLINE void prepare(const WeightPiece& p, Parameters& to) {
    const __m256 codeLow = _mm256_set1_ps(static_cast<float>(p.codeLow)), codeHigh = _mm256_set1_ps(static_cast<float>(p.codeHigh));
    for (int g = 0; g < p.groups; g += 8) {
        const __m256i lanes = lanesBelow(p.groups - g);
        const __m256 scale = _mm256_maskload_ps(p.scales + g, lanes);
        const __m256 zero = p.zeroPoints ? _mm256_cvtepi32_ps(_mm256_maskload_epi32(p.zeroPoints + g, lanes)) : _mm256_setzero_ps();
        const __m256 low = _mm256_sub_ps(codeLow, zero), high = _mm256_sub_ps(codeHigh, zero);
        const __m256 largest = _mm256_max_ps(floats(magnitudeBits(low)), floats(magnitudeBits(high)));
        const __m256 margin = _mm256_mul_ps(_mm256_add_ps(largest, _mm256_set1_ps(2.0f)), _mm256_set1_ps(0x1p-21f));
        const __m256 bound = _mm256_mul_ps(scale, _mm256_sub_ps(_mm256_set1_ps(0.5f), margin));
        const __m256 usable = _mm256_and_ps(_mm256_cmp_ps(scale, _mm256_set1_ps(0x1p-100f), _CMP_GT_OQ),
                                            _mm256_cmp_ps(scale, _mm256_set1_ps(0x1p100f), _CMP_LT_OQ));
        const __m256i trusted = p.signs ? _mm256_setzero_si256() : _mm256_and_si256(bits(bound), bits(usable));
        _mm256_storeu_ps(to.inverse + g, _mm256_div_ps(_mm256_set1_ps(1.0f), scale));
        _mm256_storeu_ps(to.low + g, low);
        _mm256_storeu_ps(to.high + g, high);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.unsuspicious + g), _mm256_sub_epi32(trusted, _mm256_set1_epi32(1)));
    }
}

INLINE Scale scaleOf(const WeightPiece& p, const Parameters& from, int group) {
    Scale s{};
    if (p.given) {
        s.low = _mm256_set1_ps(p.lowest ? p.lowest[group] : -__builtin_inff());
        s.high = _mm256_set1_ps(p.lowest ? p.highest[group] : __builtin_inff());
        s.unsuspicious = _mm256_set1_epi32(0x7f7fffff);
        return s;
    }
    s.scale = _mm256_set1_ps(p.scales[group]);
    s.inverse = _mm256_set1_ps(from.inverse[group]);
    s.low = _mm256_set1_ps(from.low[group]);
    s.high = _mm256_set1_ps(from.high[group]);
    s.lowBits = bits(_mm256_add_ps(s.low, _mm256_set1_ps(magicNumber)));
    s.highBits = bits(_mm256_add_ps(s.high, _mm256_set1_ps(magicNumber)));
    s.unsuspicious = _mm256_set1_epi32(from.unsuspicious[group]);
    return s;
}

// The law itself: code less the zero point before it is clamped; a NaN becomes 0.
INLINE __m256 nearest(const WeightPiece& p, __m256 x, const Scale& s) {
    if (p.signs)
        return _mm256_blendv_ps(_mm256_set1_ps(1.0f), _mm256_set1_ps(-1.0f), _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
    const __m256 n = _mm256_round_ps(_mm256_div_ps(x, s.scale), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm256_and_ps(n, _mm256_cmp_ps(n, n, _CMP_ORD_Q));
}

struct Element {
    __m256 x, code, decoded, error;  // x and error as they enter the sums
};

INLINE void lookAgain(const WeightPiece& p, Element& e, const int half, const Scale& s, __m256i lanes, Totals& t, const bool given) {
    const __m256 n = given ? e.x : nearest(p, e.x, s);
    const __m256 within = _mm256_min_ps(_mm256_max_ps(n, s.low), s.high);
    if (!given) {
        e.code = within;
        e.decoded = _mm256_mul_ps(e.code, s.scale);
        e.error = _mm256_sub_ps(e.x, e.decoded);
    }
    const __m256i finite = finiteLanes(e.x);
    const __m256i clipped = _mm256_and_si256(bits(_mm256_cmp_ps(within, n, _CMP_NEQ_UQ)), _mm256_and_si256(finite, lanes));
    t.clipped[half] = _mm256_sub_epi32(t.clipped[half], clipped);
    t.notFinite[half] = _mm256_sub_epi32(t.notFinite[half], _mm256_andnot_si256(finite, lanes));
}

INLINE __m128i words(__m256i v) { return _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)); }

INLINE void putIndex(const WeightBins& b, int at, __m256 v) {
    __m256 t = _mm256_mul_ps(_mm256_sub_ps(v, _mm256_set1_ps(b.low)), _mm256_set1_ps(b.perUnit));
    t = _mm256_min_ps(_mm256_max_ps(t, _mm256_set1_ps(-1.0f)), _mm256_set1_ps(b.count));
    const __m256i bin = _mm256_cvtps_epi32(_mm256_round_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(b.index + at), words(_mm256_add_epi32(bin, _mm256_set1_epi32(1))));
}

INLINE void putBytes(std::uint8_t* to, __m256i v, int count) {
    const __m128i w = words(_mm256_and_si256(v, _mm256_set1_epi32(0xff)));
    const __m128i bytes = _mm_packus_epi16(w, w);
    if (count >= 8) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
        return;
    }
    alignas(16) std::uint8_t tail[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(tail), bytes);
    for (int i = 0; i < count; ++i) to[i] = tail[i];
}

INLINE void put(const WeightPiece& p, int at, const Element& e, const Scale& s, int count, const bool given) {
    const __m256i index = given ? _mm256_setzero_si256() : _mm256_cvtps_epi32(_mm256_sub_ps(e.code, s.low));
    if (p.codes) putBytes(p.codes + at, _mm256_add_epi32(index, _mm256_set1_epi32(p.codeLow)), count);
    if (p.codeIndex) putBytes(p.codeIndex + at, index, 8);
    if (p.values.index) putIndex(p.values, at, e.x);
    if (p.decoded.index) putIndex(p.decoded, at, e.decoded);
    if (p.errors.index) putIndex(p.errors, at, e.error);
}

// Sums of four products, two by two.
INLINE __m256 products(const __m256 a[4], const __m256 b[4], const int V) {
    if (V == 1) return _mm256_mul_ps(a[0], b[0]);
    if (V == 2) return _mm256_fmadd_ps(a[1], b[1], _mm256_mul_ps(a[0], b[0]));
    return _mm256_add_ps(_mm256_fmadd_ps(a[1], b[1], _mm256_mul_ps(a[0], b[0])),
                         _mm256_fmadd_ps(a[3], b[3], _mm256_mul_ps(a[2], b[2])));
}

// Every second eight of 16 V elements, from `at` on: half 0 or 1. With `tail`, `count` of them are meant,
// counted from `at`. `full`: codes and indices too.
INLINE void step(const WeightPiece& p, int at, int count, const int half, const Scale& s, Sums& g, Totals& t, const bool full,
                 const bool given, const bool tail, const int V = 4) {
    Element e[4];
    __m256i largest = _mm256_setzero_si256();
    __m256 inside = floats(_mm256_set1_epi32(-1));
#pragma GCC unroll 4
    for (int i = 0; i < V; ++i) {
        const float* from = p.x + at + 16 * i;
        e[i].x = tail ? _mm256_maskload_ps(from, lanesBelow(count - 16 * i)) : _mm256_loadu_ps(from);
        if (given) {
            const float* decoded = p.given + at + 16 * i;
            e[i].code = _mm256_setzero_ps();
            e[i].decoded = tail ? _mm256_maskload_ps(decoded, lanesBelow(count - 16 * i)) : _mm256_loadu_ps(decoded);
            e[i].error = _mm256_sub_ps(e[i].x, e[i].decoded);
            largest = _mm256_max_epi32(largest, magnitudeBits(e[i].error));
            inside = _mm256_and_ps(inside, _mm256_and_ps(_mm256_cmp_ps(e[i].x, s.low, _CMP_GE_OQ), _mm256_cmp_ps(e[i].x, s.high, _CMP_LE_OQ)));
            continue;
        }
        const __m256i sum = bits(_mm256_fmadd_ps(e[i].x, s.inverse, _mm256_set1_ps(magicNumber)));
        const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(sum, s.lowBits), s.highBits);
        e[i].code = _mm256_sub_ps(floats(clamped), _mm256_set1_ps(magicNumber));
        e[i].decoded = _mm256_mul_ps(e[i].code, s.scale);
        e[i].error = _mm256_sub_ps(e[i].x, e[i].decoded);
        largest = _mm256_max_epi32(largest, magnitudeBits(e[i].error));
    }
    // Given values are looked at again where one is clipped or where x is not finite.
    const bool again = _mm256_movemask_epi8(_mm256_cmpgt_epi32(largest, s.unsuspicious)) != 0 || (given && _mm256_movemask_ps(inside) != 0xff);
    if (__builtin_expect(again, 0)) {
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i)
            lookAgain(p, e[i], half, s, tail ? lanesBelow(count - 16 * i) : _mm256_set1_epi32(-1), t, given);
    }
    if (full) {
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i)
            if (!tail || count > 16 * i) put(p, at + 16 * i, e[i], s, tail ? count - 16 * i : 8, given);
    }
    __m256 x[4], error[4];
#pragma GCC unroll 4
    for (int i = 0; i < V; ++i) {
        x[i] = e[i].x;
        error[i] = e[i].error;
    }
    if (tail || again) {
        // Lanes that do not count: behind the end, and not finite.
        largest = _mm256_setzero_si256();
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i) {
            const __m256i meant = tail ? lanesBelow(count - 16 * i) : _mm256_set1_epi32(-1);
            const __m256 counts = floats(_mm256_and_si256(meant, finiteLanes(x[i])));
            x[i] = _mm256_and_ps(x[i], counts);
            error[i] = _mm256_and_ps(error[i], counts);
            largest = _mm256_max_epi32(largest, magnitudeBits(error[i]));
        }
    }
    t.maxError[half] = _mm256_max_epi32(t.maxError[half], largest);
    g.error2[half] = _mm256_add_ps(g.error2[half], products(error, error, V));
    g.value2[half] = _mm256_add_ps(g.value2[half], products(x, x, V));
    g.valueError[half] = _mm256_add_ps(g.valueError[half], products(x, error, V));
}

INLINE float total(const __m256 v[2]) {
    const __m256 a = _mm256_add_ps(v[0], v[1]);
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

INLINE void pieceOf(const WeightPiece& piece, WeightLanes& lanes, const bool full, const bool given) {
    const WeightPiece p = piece;  // what is stored cannot change it
    Parameters parameters;
    if (!given) prepare(p, parameters);
    const __m256 zero = _mm256_setzero_ps();
    const __m256i none = _mm256_setzero_si256();
    Totals t{{zero, zero}, {zero, zero}, {zero, zero}, {none, none}, {none, none}, {none, none}};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        const int end = at + (group + 1 == p.groups ? p.lastSize : p.groupSize);
        const Scale s = scaleOf(p, parameters, group);
        Sums g{{zero, zero}, {zero, zero}, {zero, zero}};
        for (; at + 64 <= end; at += 64) {
            for (int line = 0; line < 4; ++line)
                _mm_prefetch(reinterpret_cast<const char*>(p.x + at + 16 * line) + prefetchBytes, _MM_HINT_T0);
            step(p, at, 64, 0, s, g, t, full, given, false);
            step(p, at + 8, 64, 1, s, g, t, full, given, false);
        }
        for (int ahead = at; ahead < end; ahead += 16)
            _mm_prefetch(reinterpret_cast<const char*>(p.x + ahead) + prefetchBytes, _MM_HINT_T0);
        if (end - at == 32) {
            step(p, at, 32, 0, s, g, t, full, given, false, 2);
            step(p, at + 8, 24, 1, s, g, t, full, given, false, 2);
            at = end;
        } else if (end - at == 16) {
            step(p, at, 16, 0, s, g, t, full, given, false, 1);
            step(p, at + 8, 8, 1, s, g, t, full, given, false, 1);
            at = end;
        }
        if (end > at) step(p, at, end - at, 0, s, g, t, full, given, true);
        if (end > at + 8) step(p, at + 8, end - at - 8, 1, s, g, t, full, given, true);
        at = end;
        for (int h = 0; h < 2; ++h) {
            t.error2[h] = _mm256_add_ps(t.error2[h], g.error2[h]);
            t.value2[h] = _mm256_add_ps(t.value2[h], g.value2[h]);
            t.valueError[h] = _mm256_add_ps(t.valueError[h], g.valueError[h]);
        }
        if (p.groupError2) p.groupError2[group] = total(g.error2);
        if (p.groupValue2) p.groupValue2[group] = total(g.value2);
    }
    for (int h = 0; h < 2; ++h) {
        _mm256_storeu_ps(lanes.error2 + 8 * h, t.error2[h]);
        _mm256_storeu_ps(lanes.value2 + 8 * h, t.value2[h]);
        _mm256_storeu_ps(lanes.valueError + 8 * h, t.valueError[h]);
        _mm256_storeu_ps(lanes.maxError + 8 * h, floats(t.maxError[h]));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.clipped + 8 * h), t.clipped[h]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.notFinite + 8 * h), t.notFinite[h]);
    }
}

}  // namespace

void weightPieceAvx2(const WeightPiece& p, WeightLanes& lanes) noexcept {
    const bool full = p.codes || p.codeIndex || p.values.index || p.decoded.index || p.errors.index;
    if (p.given && full) pieceOf(p, lanes, true, true);
    else if (p.given) pieceOf(p, lanes, false, true);
    else if (full) pieceOf(p, lanes, true, false);
    else pieceOf(p, lanes, false, false);
}

}  // namespace bitlathe
