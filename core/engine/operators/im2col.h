// Patches of an image as columns of a matrix, and back. Plain memory; N = 1, one group of channels.
#pragma once

#include "core/engine/operators/window.h"

#include <cstdint>

namespace bitlathe {

// col[(c · taps + tap) · (end − begin) + (j − begin)] = the element of channel c under `tap` for output
// position j, 0 outside the image; for positions [begin, end) of window.outCount(). image: channels × in.
void im2col(const Window& window, std::int64_t channels, const float* image, std::int64_t begin, std::int64_t end, float* col) noexcept;

// to[0 … count) = row[first], row[first + stride] …, 0 outside 0 … width.
void gatherRow(const float* row, std::int64_t width, std::int64_t first, std::int64_t stride, std::int64_t count, float* to) noexcept;

// The transpose of it for one channel, for ConvTranspose: adds col[taps][window.inCount()] into `image`,
// which has window.out's extents.
void col2im(const Window& window, const float* col, float* image) noexcept;

}  // namespace bitlathe
