// The groups of a tile by the kernels' way of formats that have one (Codec::blocks): whole groups in one go, a
// short group at a channel's end by the codec's own functions. Results are those of the codec's own functions.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/weight_tiles.h"

#include <cstddef>
#include <span>

namespace bitlathe {

bool hasBlockRows(const QuantSpec& spec) noexcept;

// x: the tile's values, channels × elements. Sets the scales, zero points and inner bytes of its groups.
// importance: empty, or one weight >= 0 per element of a channel.
void fitBlocks(Isa isa, QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<const float> importance) noexcept;
// codes: a byte for each of x.
void encodeBlocks(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<std::byte> codes) noexcept;
void decodeBlocks(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const std::byte> codes, std::span<float> out) noexcept;

}  // namespace bitlathe
