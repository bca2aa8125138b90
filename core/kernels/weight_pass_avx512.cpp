#include "core/kernels/weight_pass_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

constexpr int magnitude = 0xb;  // VRANGEPS: the larger magnitude, sign cleared

struct Scale {
    __m512 scale, inverse, low, high;
};

struct GroupSums {
    __m512 error2, value2, valueError;
};

struct Totals {
    __m512 error2, value2, valueError, maxError;
    __m512i clipped, notFinite;
};

INLINE __mmask16 maskOf(int left) { return left >= 16 ? 0xffff : static_cast<__mmask16>((1u << left) - 1); }

INLINE __m512 divided(__m512 x, const Scale& s) {
    const __m512 n = _mm512_roundscale_ps(_mm512_div_ps(x, s.scale), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(n, n, _CMP_ORD_Q), n);
}

// The nearest integer to x / scale, and how far the reciprocal's quotient is from it.
INLINE __m512 nearest(__m512 x, const Scale& s, __m512* distance) {
    const __m512 magic = _mm512_set1_ps(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(x, s.inverse, magic), magic);
    *distance = _mm512_fmsub_ps(x, s.inverse, n);
    return n;
}

INLINE void putIndex(const WeightBins& b, int at, __m512 v) {
    __m512 t = _mm512_mul_ps(_mm512_sub_ps(v, _mm512_set1_ps(b.low)), _mm512_set1_ps(b.perUnit));
    t = _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(-1.0f)), _mm512_set1_ps(b.count));
    const __m512i bin = _mm512_cvt_roundps_epi32(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m256i words = _mm512_cvtepi32_epi16(_mm512_add_epi32(bin, _mm512_set1_epi32(1)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(b.index + at), words);
}

// What follows from x and its nearest integer. FULL: codes and indices too. CAREFUL: x may not be finite.
INLINE void finish(const WeightPiece& p, int at, __m512 x, __m512 n, const Scale& s, __mmask16 mask, GroupSums& g,
                   Totals& t, const bool full, const bool careful, const bool tail) {
    const __m512 code = _mm512_min_ps(_mm512_max_ps(n, s.low), s.high);
    const __m512 decoded = _mm512_mul_ps(code, s.scale);
    __m512 error = _mm512_sub_ps(x, decoded);
    __mmask16 clipped = _mm512_cmp_ps_mask(code, n, _CMP_NEQ_UQ);
    if (full) {
        const __m512i index = _mm512_cvtps_epi32(_mm512_sub_ps(code, s.low));
        if (p.codes)
            _mm512_mask_cvtepi32_storeu_epi8(p.codes + at, mask, _mm512_add_epi32(index, _mm512_set1_epi32(p.codeLow)));
        if (p.codeIndex) _mm_storeu_si128(reinterpret_cast<__m128i*>(p.codeIndex + at), _mm512_cvtepi32_epi8(index));
        if (p.values.index) putIndex(p.values, at, x);
        if (p.decoded.index) putIndex(p.decoded, at, decoded);
        if (p.errors.index) putIndex(p.errors, at, error);
    }
    if (tail) {
        error = _mm512_maskz_mov_ps(mask, error);
        clipped &= mask;
    }
    if (careful) {
        const __mmask16 finite = _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(__builtin_inff()), _CMP_LT_OQ);
        t.notFinite = _mm512_mask_sub_epi32(t.notFinite, static_cast<__mmask16>(~finite & mask), t.notFinite, _mm512_set1_epi32(-1));
        x = _mm512_maskz_mov_ps(finite, x);
        error = _mm512_maskz_mov_ps(finite, error);
        clipped &= finite;
    }
    g.error2 = _mm512_fmadd_ps(error, error, g.error2);
    g.value2 = _mm512_fmadd_ps(x, x, g.value2);
    g.valueError = _mm512_fmadd_ps(x, error, g.valueError);
    t.maxError = _mm512_range_ps(t.maxError, error, magnitude);
    t.clipped = _mm512_mask_sub_epi32(t.clipped, clipped, t.clipped, _mm512_set1_epi32(-1));
}

INLINE __m512 signOf(__m512 x) {
    return _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), _mm512_set1_ps(-1.0f));
}

INLINE __m512 slowNearest(const WeightPiece& p, __m512 x, const Scale& s) { return p.signs ? signOf(x) : divided(x, s); }

INLINE float total(__m512 v) {
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

INLINE void pieceOf(const WeightPiece& piece, WeightLanes& lanes, const bool full, const bool careful) {
    const WeightPiece p = piece;  // what is stored cannot change it
    const __m512 sure = _mm512_set1_ps(p.sure);
    const __m512 zero = _mm512_setzero_ps();
    Totals t{zero, zero, zero, zero, _mm512_setzero_si512(), _mm512_setzero_si512()};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        const int end = at + (group + 1 == p.groups ? p.lastSize : p.groupSize);
        const Scale s{_mm512_set1_ps(p.scale[group]), _mm512_set1_ps(p.inverse[group]), _mm512_set1_ps(p.low[group]),
                      _mm512_set1_ps(p.high[group])};
        GroupSums g{zero, zero, zero};
        if (!careful)
            for (; at + 64 <= end; at += 64) {
                __m512 x[4], n[4], d[4];
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i) {
                    _mm_prefetch(reinterpret_cast<const char*>(p.x + at + 16 * i) + 4096, _MM_HINT_T0);
                    x[i] = _mm512_loadu_ps(p.x + at + 16 * i);
                    n[i] = nearest(x[i], s, &d[i]);
                }
                const __m512 far = _mm512_range_ps(_mm512_range_ps(d[0], d[1], magnitude), _mm512_range_ps(d[2], d[3], magnitude), magnitude);
                if (__builtin_expect(_mm512_cmp_ps_mask(far, sure, _CMP_NLE_UQ) != 0, 0))
#pragma GCC unroll 4
                    for (int i = 0; i < 4; ++i) n[i] = divided(x[i], s);
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i) finish(p, at + 16 * i, x[i], n[i], s, 0xffff, g, t, full, false, false);
            }
        for (; at < end; at += 16) {
            const __mmask16 mask = maskOf(end - at);
            const __m512 x = _mm512_maskz_loadu_ps(mask, p.x + at);
            __m512 distance;
            __m512 n = nearest(x, s, &distance);
            distance = _mm512_range_ps(distance, distance, magnitude);
            if (careful || _mm512_cmp_ps_mask(distance, sure, _CMP_NLE_UQ)) n = slowNearest(p, x, s);
            finish(p, at, x, n, s, mask, g, t, full, careful, true);
        }
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
    _mm512_storeu_ps(lanes.maxError, t.maxError);
    _mm512_storeu_si512(lanes.clipped, t.clipped);
    _mm512_storeu_si512(lanes.notFinite, t.notFinite);
}

INLINE bool allFinite(const float* lanes) {
    const __m512 v = _mm512_abs_ps(_mm512_loadu_ps(lanes));
    return _mm512_cmp_ps_mask(v, _mm512_set1_ps(__builtin_inff()), _CMP_LT_OQ) == 0xffff;
}

}  // namespace

void weightPieceAvx512(const WeightPiece& p, WeightLanes& lanes) noexcept {
    const bool full = p.codes || p.codeIndex || p.values.index || p.decoded.index || p.errors.index;
    if (!p.signs && p.sure >= 0) {
        if (full) pieceOf(p, lanes, true, false);
        else pieceOf(p, lanes, false, false);
        // A weight that is not finite shows in its lane; only then is the piece taken again, with care.
        if (allFinite(lanes.value2)) return;
    }
    pieceOf(p, lanes, true, true);
}

}  // namespace bitlathe
