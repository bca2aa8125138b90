#include "core/kernels/weight_pass_kernels.h"

#include <immintrin.h>

// The plan: nearest integers come from a reciprocal and the addition of 1.5 * 2^23, and are clamped as bits.
// Every element whose error then comes near half a scale, or beyond it, is looked at again: it may lie near
// a tie (then it is divided), be clipped (then it is counted), or not be finite. All others are right.

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr float magicNumber = 12582912.0f;  // 1.5 * 2^23
constexpr int prefetchBytes = 12 * 1024;    // ahead; less does not hide the memory's latency

struct Scale {
    __m512 scale, inverse, low, high;  // low and high: of codes less the zero point; of given values: what is not clipped
    __m512i lowBits, highBits;  // of magicNumber + low, + high
    __m512i suspicious;         // bits of the error from which on an element is looked at again
};

struct Sums {
    __m512 error2, value2, valueError;
};

struct Totals {
    __m512 error2, value2, valueError;
    __m512i maxError;  // bits of a magnitude: they order as the floats do
    __m512i clipped, notFinite;
};

struct Parameters {
    float inverse[weightPieceGroups + 16], low[weightPieceGroups + 16], high[weightPieceGroups + 16],
        suspicious[weightPieceGroups + 16];
};

INLINE __mmask16 maskOf(int left) {
    return left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}
INLINE __m512i bits(__m512 v) { return _mm512_castps_si512(v); }
INLINE __m512i magnitudeBits(__m512 v) { return _mm512_and_si512(bits(v), _mm512_set1_epi32(0x7fffffff)); }
INLINE __m512 infinity() { return _mm512_set1_ps(__builtin_inff()); }

// Sixteen groups at a time.
INLINE void prepare(const WeightPiece& p, Parameters& to) {
    const __m512 codeLow = _mm512_set1_ps(static_cast<float>(p.codeLow)), codeHigh = _mm512_set1_ps(static_cast<float>(p.codeHigh));
    for (int g = 0; g < p.groups; g += 16) {
        const __mmask16 mask = maskOf(p.groups - g);
        const __m512 scale = _mm512_maskz_loadu_ps(mask, p.scales + g);
        const __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1.0f), scale);
        const __m512 zero = p.zeroPoints ? _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, p.zeroPoints + g)) : _mm512_setzero_ps();
        const __m512 low = _mm512_sub_ps(codeLow, zero), high = _mm512_sub_ps(codeHigh, zero);
        // The reciprocal's quotient, the law's quotient and the error itself are each off by parts of
        // |q| * 2^-24; q is at most one beyond the largest code where it matters. Twice all that:
        const __m512 largest = _mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high));
        const __m512 margin = _mm512_mul_ps(_mm512_add_ps(largest, _mm512_set1_ps(2.0f)), _mm512_set1_ps(0x1p-21f));
        const __m512 bound = _mm512_mul_ps(scale, _mm512_sub_ps(_mm512_set1_ps(0.5f), margin));
        const __m512 least = _mm512_set1_ps(0x1p-100f), most = _mm512_set1_ps(0x1p100f);
        const __mmask16 usable = _mm512_cmp_ps_mask(scale, least, _CMP_GT_OQ) & _mm512_cmp_ps_mask(scale, most, _CMP_LT_OQ);
        _mm512_storeu_ps(to.inverse + g, inverse);
        _mm512_storeu_ps(to.low + g, low);
        _mm512_storeu_ps(to.high + g, high);
        _mm512_storeu_ps(to.suspicious + g, _mm512_maskz_mov_ps(p.signs ? 0 : usable, bound));
    }
}

INLINE Scale scaleOf(const WeightPiece& p, const Parameters& from, int group) {
    Scale s{};
    if (p.given) {
        s.low = p.lowest ? _mm512_set1_ps(p.lowest[group]) : _mm512_set1_ps(-__builtin_inff());
        s.high = p.lowest ? _mm512_set1_ps(p.highest[group]) : infinity();
        return s;
    }
    s.scale = _mm512_set1_ps(p.scales[group]);
    s.inverse = _mm512_set1_ps(from.inverse[group]);
    s.low = _mm512_set1_ps(from.low[group]);
    s.high = _mm512_set1_ps(from.high[group]);
    s.lowBits = bits(_mm512_add_ps(s.low, _mm512_set1_ps(magicNumber)));
    s.highBits = bits(_mm512_add_ps(s.high, _mm512_set1_ps(magicNumber)));
    s.suspicious = bits(_mm512_set1_ps(from.suspicious[group]));
    return s;
}

// The law itself: code less the zero point before it is clamped; a NaN becomes 0.
INLINE __m512 nearest(const WeightPiece& p, __m512 x, const Scale& s) {
    if (p.signs)
        return _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), _mm512_set1_ps(-1.0f));
    const __m512 n = _mm512_roundscale_ps(_mm512_div_ps(x, s.scale), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(n, n, _CMP_ORD_Q), n);
}

// An element and what was made of it.
struct Element {
    __m512 x, code, decoded, error;  // x and error as they enter the sums
};

INLINE void lookAgain(const WeightPiece& p, Element& e, const Scale& s, __mmask16 mask, Totals& t, const bool given) {
    const __m512 n = given ? e.x : nearest(p, e.x, s);
    const __m512 within = _mm512_min_ps(_mm512_max_ps(n, s.low), s.high);
    if (!given) {
        e.code = within;
        e.decoded = _mm512_mul_ps(e.code, s.scale);
        e.error = _mm512_sub_ps(e.x, e.decoded);
    }
    const __mmask16 finite = _mm512_cmp_ps_mask(_mm512_abs_ps(e.x), infinity(), _CMP_LT_OQ);
    const __mmask16 clipped = _mm512_cmp_ps_mask(within, n, _CMP_NEQ_UQ) & finite & mask;
    const __m512i minusOne = _mm512_set1_epi32(-1);
    t.clipped = _mm512_mask_sub_epi32(t.clipped, clipped, t.clipped, minusOne);
    t.notFinite = _mm512_mask_sub_epi32(t.notFinite, static_cast<__mmask16>(~finite & mask), t.notFinite, minusOne);
}

INLINE void putIndex(const WeightBins& b, int at, __m512 v) {
    __m512 t = _mm512_mul_ps(_mm512_sub_ps(v, _mm512_set1_ps(b.low)), _mm512_set1_ps(b.perUnit));
    t = _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(-1.0f)), _mm512_set1_ps(b.count));
    const __m512i bin = _mm512_cvt_roundps_epi32(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m256i words = _mm512_cvtepi32_epi16(_mm512_add_epi32(bin, _mm512_set1_epi32(1)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(b.index + at), words);
}

// Masked stores that narrow are slow, so whole vectors are narrowed first.
INLINE void storeBytes(std::uint8_t* y, __mmask16 mask, __m512i v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(v);
    if (mask == 0xffff) _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
    else _mm_mask_storeu_epi8(y, mask, bytes);
}

INLINE void put(const WeightPiece& p, int at, const Element& e, const Scale& s, __mmask16 mask, const bool given) {
    const __m512i index = given ? _mm512_setzero_si512() : _mm512_cvtps_epi32(_mm512_sub_ps(e.code, s.low));
    if (p.codes)
        storeBytes(p.codes + at, mask, _mm512_add_epi32(index, _mm512_set1_epi32(p.codeLow)));
    if (p.codeIndex) _mm_storeu_si128(reinterpret_cast<__m128i*>(p.codeIndex + at), _mm512_cvtepi32_epi8(index));
    if (p.values.index) putIndex(p.values, at, e.x);
    if (p.decoded.index) putIndex(p.decoded, at, e.decoded);
    if (p.errors.index) putIndex(p.errors, at, e.error);
}

// Sums of four products, two by two.
INLINE __m512 products(const __m512 a[4], const __m512 b[4], const int V) {
    if (V == 1) return _mm512_mul_ps(a[0], b[0]);
    const __m512 low = _mm512_fmadd_ps(a[1], b[1], _mm512_mul_ps(a[0], b[0]));
    if (V == 2) return low;
    return _mm512_add_ps(low, _mm512_fmadd_ps(a[3], b[3], _mm512_mul_ps(a[2], b[2])));
}

// V vectors: 4, 2 or 1; with `tail`, `count` < 64 elements. `full`: codes and indices too.
INLINE void step(const WeightPiece& p, int at, const int V, int count, const Scale& s, Sums& g, Totals& t, const bool full,
                 const bool given, const bool tail) {
    Element e[4];
    __m512i largest = _mm512_setzero_si512();
    __m512 least = s.low, most = s.high;  // of given values' x
#pragma GCC unroll 4
    for (int i = 0; i < V; ++i) {
        const float* from = p.x + at + 16 * i;
        _mm_prefetch(reinterpret_cast<const char*>(from) + prefetchBytes, _MM_HINT_T0);
        e[i].x = tail ? _mm512_maskz_loadu_ps(maskOf(count - 16 * i), from) : _mm512_loadu_ps(from);
        if (given) {
            e[i].code = _mm512_setzero_ps();
            e[i].decoded = tail ? _mm512_maskz_loadu_ps(maskOf(count - 16 * i), p.given + at + 16 * i) : _mm512_loadu_ps(p.given + at + 16 * i);
            e[i].error = _mm512_sub_ps(e[i].x, e[i].decoded);
            largest = _mm512_max_epu32(largest, magnitudeBits(e[i].error));
            least = _mm512_min_ps(least, e[i].x);
            most = _mm512_max_ps(most, e[i].x);
            continue;
        }
        const __m512i sum = bits(_mm512_fmadd_ps(e[i].x, s.inverse, _mm512_set1_ps(magicNumber)));
        const __m512i clamped = _mm512_min_epi32(_mm512_max_epi32(sum, s.lowBits), s.highBits);
        e[i].code = _mm512_sub_ps(_mm512_castsi512_ps(clamped), _mm512_set1_ps(magicNumber));
        e[i].decoded = _mm512_mul_ps(e[i].code, s.scale);
        e[i].error = _mm512_sub_ps(e[i].x, e[i].decoded);
        largest = _mm512_max_epu32(largest, magnitudeBits(e[i].error));
    }
    // Given values are looked at again where one is clipped or where an error is not finite.
    const bool again = given ? (_mm512_cmpge_epu32_mask(largest, bits(infinity())) | _mm512_cmp_ps_mask(least, s.low, _CMP_NEQ_UQ) |
                                _mm512_cmp_ps_mask(most, s.high, _CMP_NEQ_UQ)) != 0
                             : _mm512_cmpge_epu32_mask(largest, s.suspicious) != 0;
    if (__builtin_expect(again, 0)) {
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i) lookAgain(p, e[i], s, tail ? maskOf(count - 16 * i) : 0xffff, t, given);
    }
    if (full) {
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i)
            if (!tail || count > 16 * i) put(p, at + 16 * i, e[i], s, tail ? maskOf(count - 16 * i) : 0xffff, given);
    }
    __m512 x[4], error[4];
#pragma GCC unroll 4
    for (int i = 0; i < V; ++i) {
        x[i] = e[i].x;
        error[i] = e[i].error;
    }
    if (tail || again) {
        // Lanes that do not count: behind the end, and not finite.
        largest = _mm512_setzero_si512();
#pragma GCC unroll 4
        for (int i = 0; i < V; ++i) {
            const __mmask16 meant = tail ? maskOf(count - 16 * i) : 0xffff;
            const __mmask16 counts = meant & _mm512_cmp_ps_mask(_mm512_abs_ps(x[i]), infinity(), _CMP_LT_OQ);
            x[i] = _mm512_maskz_mov_ps(counts, x[i]);
            error[i] = _mm512_maskz_mov_ps(counts, error[i]);
            largest = _mm512_max_epu32(largest, magnitudeBits(error[i]));
        }
    }
    t.maxError = _mm512_max_epu32(t.maxError, largest);
    g.error2 = _mm512_add_ps(g.error2, products(error, error, V));
    g.value2 = _mm512_add_ps(g.value2, products(x, x, V));
    g.valueError = _mm512_add_ps(g.valueError, products(x, error, V));
}

INLINE float total(__m512 v) {
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

INLINE void pieceOf(const WeightPiece& piece, WeightLanes& lanes, const bool full, const bool given) {
    const WeightPiece p = piece;  // what is stored cannot change it
    Parameters parameters;
    if (!given) prepare(p, parameters);
    const __m512 zero = _mm512_setzero_ps();
    const __m512i none = _mm512_setzero_si512();
    Totals t{zero, zero, zero, none, none, none};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        const int end = at + (group + 1 == p.groups ? p.lastSize : p.groupSize);
        const Scale s = scaleOf(p, parameters, group);
        Sums g{zero, zero, zero};
        for (; at + 64 <= end; at += 64) step(p, at, 4, 64, s, g, t, full, given, false);
        if (end - at == 32) step(p, at, 2, 32, s, g, t, full, given, false);
        else if (end - at == 16) step(p, at, 1, 16, s, g, t, full, given, false);
        else if (end > at) step(p, at, 4, end - at, s, g, t, full, given, true);
        at = end;
        t.error2 = _mm512_add_ps(t.error2, g.error2);
        t.value2 = _mm512_add_ps(t.value2, g.value2);
        t.valueError = _mm512_add_ps(t.valueError, g.valueError);
        if (p.groupError2) p.groupError2[group] = total(g.error2);
        if (p.groupValue2) p.groupValue2[group] = total(g.value2);
    }
    _mm512_storeu_ps(lanes.error2, t.error2);
    _mm512_storeu_ps(lanes.value2, t.value2);
    _mm512_storeu_ps(lanes.valueError, t.valueError);
    _mm512_storeu_si512(lanes.maxError, t.maxError);
    _mm512_storeu_si512(lanes.clipped, t.clipped);
    _mm512_storeu_si512(lanes.notFinite, t.notFinite);
}

}  // namespace

void weightPieceAvx512(const WeightPiece& p, WeightLanes& lanes) noexcept {
    const bool full = p.codes || p.codeIndex || p.values.index || p.decoded.index || p.errors.index;
    if (p.given && full) pieceOf(p, lanes, true, true);
    else if (p.given) pieceOf(p, lanes, false, true);
    else if (full) pieceOf(p, lanes, true, false);
    else pieceOf(p, lanes, false, false);
}

}  // namespace bitlathe
