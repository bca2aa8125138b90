#include "core/kernels/weight_pass_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

struct Scale {
    __m256 scale, inverse, low, high;
};

// Lanes 0..7 and 8..15.
struct GroupSums {
    __m256 error2[2], value2[2], valueError[2];
};

struct Totals {
    __m256 error2[2], value2[2], valueError[2], maxError[2];
    __m256i clipped[2], notFinite[2];
};

INLINE __m256 magnitude(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }
INLINE __m256 finiteMask(__m256 v) { return _mm256_cmp_ps(magnitude(v), _mm256_set1_ps(__builtin_inff()), _CMP_LT_OQ); }

// All ones in the lanes below `count`.
INLINE __m256 lanesBelow(int count) {
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
}

INLINE __m256 divided(__m256 x, const Scale& s) {
    const __m256 n = _mm256_round_ps(_mm256_div_ps(x, s.scale), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm256_and_ps(n, _mm256_cmp_ps(n, n, _CMP_ORD_Q));
}

INLINE __m256 signOf(__m256 x) {
    return _mm256_blendv_ps(_mm256_set1_ps(1.0f), _mm256_set1_ps(-1.0f), _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
}

// The nearest integer to x / scale; a reciprocal's quotient that is not sure of it is divided.
INLINE __m256 nearest(const WeightPiece& p, __m256 x, const Scale& s, const bool careful) {
    if (careful) return p.signs ? signOf(x) : divided(x, s);
    const __m256 magic = _mm256_set1_ps(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const __m256 n = _mm256_sub_ps(_mm256_fmadd_ps(x, s.inverse, magic), magic);
    const __m256 distance = magnitude(_mm256_fmsub_ps(x, s.inverse, n));
    const __m256 unsure = _mm256_cmp_ps(distance, _mm256_set1_ps(p.sure), _CMP_NLE_UQ);
    if (__builtin_expect(_mm256_movemask_ps(unsure) != 0, 0)) return divided(x, s);
    return n;
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

// Eight elements, of which `count` are meant; half: lanes 0..7 or 8..15.
INLINE void step(const WeightPiece& p, int at, int count, const int half, const Scale& s, GroupSums& g, Totals& t,
                 const bool careful) {
    const __m256 mask = lanesBelow(count);
    __m256 x = count >= 8 ? _mm256_loadu_ps(p.x + at) : _mm256_maskload_ps(p.x + at, _mm256_castps_si256(mask));
    const __m256 n = nearest(p, x, s, careful);
    const __m256 code = _mm256_min_ps(_mm256_max_ps(n, s.low), s.high);
    const __m256 decoded = _mm256_mul_ps(code, s.scale);
    __m256 error = _mm256_sub_ps(x, decoded);
    __m256 clipped = _mm256_and_ps(_mm256_cmp_ps(code, n, _CMP_NEQ_UQ), mask);
    const __m256i index = _mm256_cvtps_epi32(_mm256_sub_ps(code, s.low));
    if (p.codes) putBytes(p.codes + at, _mm256_add_epi32(index, _mm256_set1_epi32(p.codeLow)), count);
    if (p.codeIndex) putBytes(p.codeIndex + at, index, 8);
    if (p.values.index) putIndex(p.values, at, x);
    if (p.decoded.index) putIndex(p.decoded, at, decoded);
    if (p.errors.index) putIndex(p.errors, at, error);
    error = _mm256_and_ps(error, mask);
    if (careful) {
        const __m256 finite = finiteMask(x);
        t.notFinite[half] = _mm256_sub_epi32(t.notFinite[half], _mm256_castps_si256(_mm256_andnot_ps(finite, mask)));
        x = _mm256_and_ps(x, finite);
        error = _mm256_and_ps(error, finite);
        clipped = _mm256_and_ps(clipped, finite);
    }
    g.error2[half] = _mm256_fmadd_ps(error, error, g.error2[half]);
    g.value2[half] = _mm256_fmadd_ps(x, x, g.value2[half]);
    g.valueError[half] = _mm256_fmadd_ps(x, error, g.valueError[half]);
    t.maxError[half] = _mm256_max_ps(t.maxError[half], magnitude(error));
    t.clipped[half] = _mm256_sub_epi32(t.clipped[half], _mm256_castps_si256(clipped));
}

INLINE float total(const __m256 v[2]) {
    const __m256 a = _mm256_add_ps(v[0], v[1]);
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

INLINE void pieceOf(const WeightPiece& piece, WeightLanes& lanes, const bool careful) {
    const WeightPiece p = piece;  // what is stored cannot change it
    const __m256 zero = _mm256_setzero_ps();
    const __m256i none = _mm256_setzero_si256();
    Totals t{{zero, zero}, {zero, zero}, {zero, zero}, {zero, zero}, {none, none}, {none, none}};
    int at = 0;
    for (int group = 0; group < p.groups; ++group) {
        const int end = at + (group + 1 == p.groups ? p.lastSize : p.groupSize);
        const Scale s{_mm256_set1_ps(p.scale[group]), _mm256_set1_ps(p.inverse[group]), _mm256_set1_ps(p.low[group]),
                      _mm256_set1_ps(p.high[group])};
        GroupSums g{{zero, zero}, {zero, zero}, {zero, zero}};
        for (; at + 16 <= end; at += 16) {
            _mm_prefetch(reinterpret_cast<const char*>(p.x + at) + 4096, _MM_HINT_T0);
            step(p, at, 8, 0, s, g, t, careful);
            step(p, at + 8, 8, 1, s, g, t, careful);
        }
        if (at < end) step(p, at, end - at < 8 ? end - at : 8, 0, s, g, t, careful);
        if (at + 8 < end) step(p, at + 8, end - at - 8, 1, s, g, t, careful);
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
        _mm256_storeu_ps(lanes.maxError + 8 * h, t.maxError[h]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.clipped + 8 * h), t.clipped[h]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes.notFinite + 8 * h), t.notFinite[h]);
    }
}

INLINE bool allFinite(const float* lanes) {
    const __m256 both = _mm256_and_ps(finiteMask(_mm256_loadu_ps(lanes)), finiteMask(_mm256_loadu_ps(lanes + 8)));
    return _mm256_movemask_ps(both) == 0xff;
}

}  // namespace

void weightPieceAvx2(const WeightPiece& p, WeightLanes& lanes) noexcept {
    if (!p.signs && p.sure >= 0) {
        pieceOf(p, lanes, false);
        // A weight that is not finite shows in its lane; only then is the piece taken again, with care.
        if (allFinite(lanes.value2)) return;
    }
    pieceOf(p, lanes, true);
}

}  // namespace bitlathe
