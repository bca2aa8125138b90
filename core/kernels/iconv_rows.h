// Where the rows of a convolution lie: for each output pixel and kernel tap the address of the channels
// under it, or of the padding row. Internal to this room.
#pragma once

#include <cstdint>

#include "core/kernels/iconv.h"

namespace bitlathe {

// Pixels [pixelBegin, pixelBegin + count): rows[tap * rowsStride + i], each moved on by `channelOffset`.
void iconvRowPointers(const IconvCall& call, std::int64_t pixelBegin, int count, std::int64_t channelOffset,
                      const std::uint8_t** rows, std::int64_t rowsStride) noexcept;

// The same rows copied together: to[i * toStride] receives taps * channels bytes, taps in order, of the
// `channels` channels from channelOffset on. toStride leaves at least 7 bytes behind them, which may be
// written; what they hold is open.
void iconvCopyRows(const IconvCall& call, std::int64_t pixelBegin, int count, std::int64_t channelOffset,
                   std::int64_t channels, std::uint8_t* to, std::int64_t toStride) noexcept;

}  // namespace bitlathe
