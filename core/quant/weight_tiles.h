// A weight cut into tiles of channels × elements: the unit of work of every pass over weights. The cut
// depends on the layout alone, never on threads.
#pragma once

#include "core/kernels/isa.h"
#include "core/model/layer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace bitlathe {

// Channels [channel, channel + channels), each with elements [element, element + elements). A tile with
// several channels holds them whole.
struct WeightTile {
    std::int64_t channel = 0, channels = 0;
    std::int64_t element = 0, elements = 0;
    std::int64_t count() const noexcept { return channels * elements; }
    bool operator==(const WeightTile&) const = default;
};

constexpr std::int64_t kTileElements = 1 << 15;

// Tiles of about `target` elements in channel-major order. Channels are cut only when one alone exceeds
// the target, and then at multiples of `multiple` (a group's size), which must be >= 1.
std::vector<WeightTile> weightTiles(const ChannelLayout& layout, std::int64_t multiple, std::int64_t target = kTileElements);

// The tile's values, channels × elements. Points into `values` where they lie in one piece, else
// gathers into scratch. isa: how fast, not what.
std::span<const float> tileValues(std::span<const float> values, const ChannelLayout& layout, const WeightTile& tile,
                                  std::vector<float>& scratch, Isa isa = Isa::Reference);

// The same for codes: copies the tile out of `values` into `out`, tile.count() long.
template <class T>
void gatherTile(const ChannelLayout& layout, const WeightTile& tile, std::span<const T> values, std::span<T> out) noexcept;

// Puts a tile of 8-bit codes, of 16-bit codes or of floats back to where the weight has them.
template <class T>
void scatterTile(const ChannelLayout& layout, const WeightTile& tile, std::span<const T> from, std::span<T> to) noexcept;

}  // namespace bitlathe
