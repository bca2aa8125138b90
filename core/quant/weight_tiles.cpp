#include "core/quant/weight_tiles.h"

#include "core/kernels/transpose.h"

#include <algorithm>
#include <cassert>

namespace bitlathe {

namespace {

// Calls piece(offset in the weight, offset in the tile, length) for each run that is contiguous in both.
template <class Piece>
void forPieces(const ChannelLayout& layout, const WeightTile& tile, Piece&& piece) {
    const std::int64_t inner = layout.inner, stride = layout.channels * inner;
    const std::int64_t end = tile.element + tile.elements;
    for (std::int64_t at = tile.element; at < end;) {
        const std::int64_t outer = at / inner, within = at % inner;
        const std::int64_t length = std::min(inner - within, end - at);
        for (std::int64_t c = 0; c < tile.channels; ++c)
            piece(outer * stride + (tile.channel + c) * inner + within, c * tile.elements + at - tile.element, length);
        at += length;
    }
}

}  // namespace

std::vector<WeightTile> weightTiles(const ChannelLayout& layout, std::int64_t multiple, std::int64_t target) {
    std::vector<WeightTile> tiles;
    const std::int64_t each = layout.perChannel();
    if (each <= 0 || layout.channels <= 0) return tiles;
    // Where channels are interleaved, a tile takes a cache line of them, or the memory would be read twice.
    constexpr std::int64_t kLine = 16;
    const std::int64_t least = layout.outer > 1 && each <= 8 * target / kLine ? std::max<std::int64_t>(1, kLine / layout.inner) : 1;
    if (each <= target || least > 1) {
        const std::int64_t channels = std::max(target / each, least);
        for (std::int64_t c = 0; c < layout.channels; c += channels) tiles.push_back({c, std::min(channels, layout.channels - c), 0, each});
        return tiles;
    }
    const std::int64_t piece = std::max<std::int64_t>(1, target / multiple) * multiple;
    for (std::int64_t c = 0; c < layout.channels; ++c)
        for (std::int64_t e = 0; e < each; e += piece) tiles.push_back({c, 1, e, std::min(piece, each - e)});
    return tiles;
}

std::span<const float> tileValues(std::span<const float> values, const ChannelLayout& layout, const WeightTile& tile,
                                  std::vector<float>& scratch, Isa isa) {
    const auto count = static_cast<std::size_t>(tile.count());
    if (layout.outer == 1)
        return values.subspan(static_cast<std::size_t>(tile.channel * layout.inner + tile.element), count);
    scratch.resize(count);
    if (layout.inner == 1) {  // [K, N]
        transposeFloats(isa, values.data() + tile.element * layout.channels + tile.channel, tile.elements, tile.channels, layout.channels,
                        scratch.data(), tile.elements);
    } else {
        forPieces(layout, tile, [&](std::int64_t from, std::int64_t to, std::int64_t length) {
            std::copy_n(values.data() + from, length, scratch.data() + to);
        });
    }
    return scratch;
}

template <class T>
void gatherTile(const ChannelLayout& layout, const WeightTile& tile, std::span<const T> values, std::span<T> out) noexcept {
    forPieces(layout, tile, [&](std::int64_t whole, std::int64_t part, std::int64_t length) {
        std::copy_n(values.data() + whole, length, out.data() + part);
    });
}

template <class T>
void scatterTile(const ChannelLayout& layout, const WeightTile& tile, std::span<const T> from, std::span<T> to) noexcept {
    forPieces(layout, tile, [&](std::int64_t whole, std::int64_t part, std::int64_t length) {
        std::copy_n(from.data() + part, length, to.data() + whole);
    });
}

template void gatherTile(const ChannelLayout&, const WeightTile&, std::span<const std::uint8_t>, std::span<std::uint8_t>) noexcept;
template void gatherTile(const ChannelLayout&, const WeightTile&, std::span<const std::uint16_t>, std::span<std::uint16_t>) noexcept;
template void scatterTile(const ChannelLayout&, const WeightTile&, std::span<const std::uint8_t>, std::span<std::uint8_t>) noexcept;
template void scatterTile(const ChannelLayout&, const WeightTile&, std::span<const std::uint16_t>, std::span<std::uint16_t>) noexcept;
template void scatterTile(const ChannelLayout&, const WeightTile&, std::span<const float>, std::span<float>) noexcept;

}  // namespace bitlathe
