// The depthwise tile behind iconv.h, for its driver and for the ISA files. Plain data only.
//
// Weights of 64 channels lie together, [quads of taps][j 0..3][lane 0..3][e 0..3][tap of the quad 0..3],
// for channel 16 * lane + 4 * j + e: the order in which interleaving four rows of bytes within 128-bit
// lanes delivers the channels. Taps beyond the kernel and channels beyond the last are zeros.
#pragma once

#include <cstdint>

namespace bitlathe {

struct DepthwiseTile {
    const std::uint8_t* const* rows;  // tap t of pixel i: rows[t * rowsStride + i] + channelBegin
    std::int64_t rowsStride;
    int pixels;
    std::int64_t taps;
    std::int64_t channelBegin;
    int channels;                // 1..64
    const std::int8_t* weights;  // of these 64 channels
    const std::int32_t* start;   // 64 values
    std::uint32_t flip;          // 0 for u8 rows, 0x80808080 for s8 rows
    std::int32_t* c;             // [pixels][cStride], 64 values written to each row
    std::int64_t cStride;
};

using DepthwiseTileFn = void (*)(const DepthwiseTile& tile) noexcept;

void depthwiseTileReference(const DepthwiseTile& tile) noexcept;
void depthwiseTileAvx2(const DepthwiseTile& tile) noexcept;
void depthwiseTileAvx512Vnni(const DepthwiseTile& tile) noexcept;

}  // namespace bitlathe
