#include "core/kernels/depthwise_kernels.h"

#include <immintrin.h>

namespace bitlathe {
namespace {

#define INLINE static inline __attribute__((always_inline))

struct Sums {
    __m512i a0, a1, a2, a3;
};

// Up to four taps; those beyond `taps` have weights of 0, so any row stands in for them.
INLINE Sums addQuad(Sums s, const std::uint8_t* const* row, std::int64_t stride, std::int64_t taps, std::int64_t at,
                    __mmask64 mask, __m512i flip, const std::int8_t* w) {
    const __m512i r0 = _mm512_maskz_loadu_epi8(mask, row[0] + at);
    const __m512i r1 = taps > 1 ? _mm512_maskz_loadu_epi8(mask, row[stride] + at) : r0;
    const __m512i r2 = taps > 2 ? _mm512_maskz_loadu_epi8(mask, row[2 * stride] + at) : r0;
    const __m512i r3 = taps > 3 ? _mm512_maskz_loadu_epi8(mask, row[3 * stride] + at) : r0;
    const __m512i low01 = _mm512_xor_si512(_mm512_unpacklo_epi8(r0, r1), flip);
    const __m512i high01 = _mm512_xor_si512(_mm512_unpackhi_epi8(r0, r1), flip);
    const __m512i low23 = _mm512_xor_si512(_mm512_unpacklo_epi8(r2, r3), flip);
    const __m512i high23 = _mm512_xor_si512(_mm512_unpackhi_epi8(r2, r3), flip);
    s.a0 = _mm512_dpbusd_epi32(s.a0, _mm512_unpacklo_epi16(low01, low23), _mm512_loadu_si512(w));
    s.a1 = _mm512_dpbusd_epi32(s.a1, _mm512_unpackhi_epi16(low01, low23), _mm512_loadu_si512(w + 64));
    s.a2 = _mm512_dpbusd_epi32(s.a2, _mm512_unpacklo_epi16(high01, high23), _mm512_loadu_si512(w + 128));
    s.a3 = _mm512_dpbusd_epi32(s.a3, _mm512_unpackhi_epi16(high01, high23), _mm512_loadu_si512(w + 192));
    return s;
}

// Back to the order of the channels: lane l of sum j holds channels 16 l + 4 j ...
INLINE void store(const Sums& s, const std::int32_t* start, std::int32_t* c) {
    const __m512i low01 = _mm512_shuffle_i32x4(s.a0, s.a1, 0x44), high01 = _mm512_shuffle_i32x4(s.a0, s.a1, 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(s.a2, s.a3, 0x44), high23 = _mm512_shuffle_i32x4(s.a2, s.a3, 0xee);
    const __m512i out0 = _mm512_shuffle_i32x4(low01, low23, 0x88), out1 = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    const __m512i out2 = _mm512_shuffle_i32x4(high01, high23, 0x88), out3 = _mm512_shuffle_i32x4(high01, high23, 0xdd);
    _mm512_storeu_si512(c, _mm512_add_epi32(out0, _mm512_loadu_si512(start)));
    _mm512_storeu_si512(c + 16, _mm512_add_epi32(out1, _mm512_loadu_si512(start + 16)));
    _mm512_storeu_si512(c + 32, _mm512_add_epi32(out2, _mm512_loadu_si512(start + 32)));
    _mm512_storeu_si512(c + 48, _mm512_add_epi32(out3, _mm512_loadu_si512(start + 48)));
}

INLINE Sums noSums() {
    const __m512i zero = _mm512_setzero_si512();
    return {zero, zero, zero, zero};
}

}  // namespace

void depthwiseTileAvx512Vnni(const DepthwiseTile& tile) noexcept {
    const DepthwiseTile t = tile;  // what is stored cannot change it
    const __mmask64 mask = t.channels >= 64 ? ~__mmask64{0} : (__mmask64{1} << t.channels) - 1;
    const __m512i flip = _mm512_set1_epi32(static_cast<std::int32_t>(t.flip));
    const std::int64_t stride = t.rowsStride;
    for (int i = 0; i < t.pixels; ++i) {
        const std::uint8_t* const* row = t.rows + i;
        Sums s = noSums();
        if (t.taps == 9) {
            s = addQuad(s, row, stride, 4, t.channelBegin, mask, flip, t.weights);
            s = addQuad(s, row + 4 * stride, stride, 4, t.channelBegin, mask, flip, t.weights + 256);
            s = addQuad(s, row + 8 * stride, stride, 1, t.channelBegin, mask, flip, t.weights + 512);
        } else {
            std::int64_t tap = 0;
            for (; tap + 4 <= t.taps; tap += 4)
                s = addQuad(s, row + tap * stride, stride, 4, t.channelBegin, mask, flip, t.weights + tap * 64);
            if (tap < t.taps)
                s = addQuad(s, row + tap * stride, stride, t.taps - tap, t.channelBegin, mask, flip, t.weights + tap * 64);
        }
        store(s, t.start, t.c + i * t.cStride);
    }
}

}  // namespace bitlathe
