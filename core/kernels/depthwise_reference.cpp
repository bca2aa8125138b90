#include "core/kernels/depthwise_kernels.h"

namespace bitlathe {

void depthwiseTileReference(const DepthwiseTile& t) noexcept {
    const auto flip = static_cast<std::uint8_t>(t.flip);
    for (int i = 0; i < t.pixels; ++i)
        for (int c = 0; c < 64; ++c) {
            auto sum = static_cast<std::uint32_t>(t.start[c]);
            for (std::int64_t tap = 0; tap < t.taps && c < t.channels; ++tap) {
                const std::uint8_t a = t.rows[tap * t.rowsStride + i][t.channelBegin + c] ^ flip;
                const std::int64_t block = tap / 4 * 256 + (c / 4 % 4) * 64 + c / 16 * 16 + c % 4 * 4 + tap % 4;
                sum += static_cast<std::uint32_t>(a * t.weights[block]);
            }
            t.c[i * t.cStride + c] = static_cast<std::int32_t>(sum);
        }
}

}  // namespace bitlathe
