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
#include <vector>

namespace bitlathe {

constexpr std::int64_t kSliceElements = 1 << 20;

// Calls body(tile index) for every tile, in parallel, in slices of about `slice` elements. After each
// slice comes after(first tile, end) in the calling thread, where partial results are combined in order,
// and a checkpoint. Throws Cancelled.
void forTiles(std::span<const WeightTile> tiles, Workers& workers, JobContext& job, const std::function<void(std::size_t)>& body,
              const std::function<void(std::size_t, std::size_t)>& after = {}, std::int64_t slice = kSliceElements);

// Smallest and largest finite values, of the tensor and of each of its channels.
struct KnownEnds {
    ValueRange tensor;
    std::vector<ValueRange> channels;
};

// Fills q.scales, q.shared, q.zeroPoints, q.inner and q.taken from the values (the weight's own order); q.spec and q.layout
// are set. ends: where the finite values' ends are known already, they save min-max schemes the look at
// the values; null otherwise. importance: empty, or one weight >= 0 per element of a channel
// (layout.perChannel() of them), for formats that place levels by it and rules that search. Throws Cancelled.
void fitGroups(std::span<const float> values, QuantizedTensor& q, Workers& workers, JobContext& job, const KnownEnds* ends = nullptr,
               Isa isa = Isa::Reference, std::span<const float> importance = {});

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
