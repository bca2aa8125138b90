// Scales and zero points of all groups of a weight, and walking the groups of a tile: what quantizing
// and analysing share. Knows no reports.
#pragma once

#include "core/base/job.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/weight_tiles.h"

#include <algorithm>
#include <functional>
#include <span>

namespace bitlathe {

// Calls body(tile index) for every tile, in parallel, with a checkpoint after each slice of about a
// million elements. Throws Cancelled.
void forTiles(std::span<const WeightTile> tiles, Workers& workers, JobContext& job, const std::function<void(std::size_t)>& body);

// Fills q.scales, q.zeroPoints and q.inner from the values (the weight's own order); q.spec and q.layout
// are set. Throws Cancelled.
void fitGroups(std::span<const float> values, QuantizedTensor& q, Workers& workers, JobContext& job);

// The parameters of one group as the codec wants them; inner points into q.
GroupParameters groupParameters(const QuantizedTensor& q, std::int64_t group) noexcept;

// Calls piece(group, offset in the tile, length) for each run of one group in a tile (channels × elements).
template <class Piece>
void forGroupPieces(const GroupGrid& grid, const WeightTile& tile, Piece&& piece) {
    if (grid.perChannel == 0) {
        piece(std::int64_t{0}, std::size_t{0}, static_cast<std::size_t>(tile.count()));
        return;
    }
    for (std::int64_t c = 0; c < tile.channels; ++c)
        for (std::int64_t at = 0; at < tile.elements;) {
            const std::int64_t element = tile.element + at;
            const std::int64_t length = std::min(grid.size - element % grid.size, tile.elements - at);
            piece(grid.groupOf(tile.channel + c, element), static_cast<std::size_t>(c * tile.elements + at), static_cast<std::size_t>(length));
            at += length;
        }
}

}  // namespace bitlathe
