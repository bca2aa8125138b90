#include "core/kernels/depthwise_kernels.h"

#include <immintrin.h>

namespace bitlathe {

void depthwiseTileAvx512Vnni(const DepthwiseTile& t) noexcept {
    const __mmask64 mask = t.channels >= 64 ? ~__mmask64{0} : (__mmask64{1} << t.channels) - 1;
    const __m512i flip = _mm512_set1_epi32(static_cast<std::int32_t>(t.flip));
    for (int i = 0; i < t.pixels; ++i) {
        __m512i acc0 = _mm512_setzero_si512(), acc1 = acc0, acc2 = acc0, acc3 = acc0;
        for (std::int64_t tap = 0; tap < t.taps; tap += 4) {
            // Taps beyond the last repeat it; their weights are 0.
            const std::int64_t last = t.taps - 1;
            const std::int64_t t1 = tap + 1 < last ? tap + 1 : last;
            const std::int64_t t2 = tap + 2 < last ? tap + 2 : last;
            const std::int64_t t3 = tap + 3 < last ? tap + 3 : last;
            const __m512i r0 = _mm512_maskz_loadu_epi8(mask, t.rows[tap * t.rowsStride + i] + t.channelBegin);
            const __m512i r1 = _mm512_maskz_loadu_epi8(mask, t.rows[t1 * t.rowsStride + i] + t.channelBegin);
            const __m512i r2 = _mm512_maskz_loadu_epi8(mask, t.rows[t2 * t.rowsStride + i] + t.channelBegin);
            const __m512i r3 = _mm512_maskz_loadu_epi8(mask, t.rows[t3 * t.rowsStride + i] + t.channelBegin);
            const __m512i low01 = _mm512_xor_si512(_mm512_unpacklo_epi8(r0, r1), flip);
            const __m512i high01 = _mm512_xor_si512(_mm512_unpackhi_epi8(r0, r1), flip);
            const __m512i low23 = _mm512_xor_si512(_mm512_unpacklo_epi8(r2, r3), flip);
            const __m512i high23 = _mm512_xor_si512(_mm512_unpackhi_epi8(r2, r3), flip);
            const std::int8_t* w = t.weights + tap / 4 * 256;
            acc0 = _mm512_dpbusd_epi32(acc0, _mm512_unpacklo_epi16(low01, low23), _mm512_loadu_si512(w));
            acc1 = _mm512_dpbusd_epi32(acc1, _mm512_unpackhi_epi16(low01, low23), _mm512_loadu_si512(w + 64));
            acc2 = _mm512_dpbusd_epi32(acc2, _mm512_unpacklo_epi16(high01, high23), _mm512_loadu_si512(w + 128));
            acc3 = _mm512_dpbusd_epi32(acc3, _mm512_unpackhi_epi16(high01, high23), _mm512_loadu_si512(w + 192));
        }
        // Back to the order of the channels: lane l of acc j holds channels 16 l + 4 j ...
        const __m512i a01low = _mm512_shuffle_i32x4(acc0, acc1, 0x44), a01high = _mm512_shuffle_i32x4(acc0, acc1, 0xee);
        const __m512i a23low = _mm512_shuffle_i32x4(acc2, acc3, 0x44), a23high = _mm512_shuffle_i32x4(acc2, acc3, 0xee);
        const __m512i out0 = _mm512_shuffle_i32x4(a01low, a23low, 0x88);
        const __m512i out1 = _mm512_shuffle_i32x4(a01low, a23low, 0xdd);
        const __m512i out2 = _mm512_shuffle_i32x4(a01high, a23high, 0x88);
        const __m512i out3 = _mm512_shuffle_i32x4(a01high, a23high, 0xdd);
        std::int32_t* c = t.c + i * t.cStride;
        _mm512_storeu_si512(c, _mm512_add_epi32(out0, _mm512_loadu_si512(t.start)));
        _mm512_storeu_si512(c + 16, _mm512_add_epi32(out1, _mm512_loadu_si512(t.start + 16)));
        _mm512_storeu_si512(c + 32, _mm512_add_epi32(out2, _mm512_loadu_si512(t.start + 32)));
        _mm512_storeu_si512(c + 48, _mm512_add_epi32(out3, _mm512_loadu_si512(t.start + 48)));
    }
}

}  // namespace bitlathe
