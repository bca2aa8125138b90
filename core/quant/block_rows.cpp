#include "core/quant/block_rows.h"

#include "core/quant/codec.h"
#include "core/quant/group_fit.h"

namespace bitlathe {

namespace {

// Whole groups side by side: groups [group, group + groups) at [at, at + length) of the tile.
struct GroupRun {
    std::size_t group, groups, at, length;
};

// whole(run) for whole groups, one(group, at, length) for others. A tile of several channels holds them whole, so
// that its groups follow each other.
template <class Whole, class One>
void forRuns(const QuantizedTensor& q, const WeightTile& tile, Whole whole, One one) {
    const GroupGrid grid = q.grid();
    const std::int64_t size = codecOf(q.spec).blockSize;
    if (grid.size != size) return forGroupPieces(grid, tile, one);
    const auto run = [&](std::int64_t channel, std::int64_t at, std::int64_t length) {
        if (length > 0)
            whole(GroupRun{static_cast<std::size_t>(grid.groupOf(channel, tile.element)), static_cast<std::size_t>(length / size), static_cast<std::size_t>(at), static_cast<std::size_t>(length)});
    };
    if (tile.elements % size == 0) return run(tile.channel, 0, tile.count());
    const std::int64_t full = tile.elements / size * size;
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        const std::int64_t at = c * tile.elements;
        run(tile.channel + c, at, full);
        one(grid.groupOf(tile.channel + c, tile.element + full), static_cast<std::size_t>(at + full), static_cast<std::size_t>(tile.elements - full));
    }
}

std::span<const std::byte> innerOf(const QuantizedTensor& q, const GroupRun& run) noexcept {
    const std::size_t width = q.inner.size() / q.scales.size();
    return std::span(q.inner).subspan(run.group * width, run.groups * width);
}

}  // namespace

bool hasBlockRows(const QuantSpec& spec) noexcept { return codecOf(spec).blocks.fit != nullptr; }

void fitBlocks(Isa isa, QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<const float> importance) noexcept {
    const Codec& codec = codecOf(q.spec);
    const auto own = importance.empty() ? importance : importance.subspan(static_cast<std::size_t>(tile.element), static_cast<std::size_t>(tile.elements));
    forRuns(q, tile, [&](const GroupRun& run) {
        const std::size_t width = q.inner.size() / q.scales.size();
        const auto weights = own.empty() || run.length >= own.size() ? own : own.first(run.length);
        codec.blocks.fit(isa, x.subspan(run.at, run.length), weights, std::span(q.scales).subspan(run.group, run.groups),
                         std::span(q.inner).subspan(run.group * width, run.groups * width));
    }, [&](std::int64_t group, std::size_t at, std::size_t length) {
        GroupParameters parameters = groupParameters(q, group);
        codec.fit(q.spec, x.subspan(at, length), own.empty() ? own : own.subspan(at % own.size(), length), {}, parameters);
        q.scales[static_cast<std::size_t>(group)] = parameters.scale;
        q.zeroPoints[static_cast<std::size_t>(group)] = parameters.zeroPoint;
    });
}

void encodeBlocks(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<std::byte> codes) noexcept {
    const Codec& codec = codecOf(q.spec);
    forRuns(q, tile, [&](const GroupRun& run) {
        codec.blocks.encode(isa, innerOf(q, run), x.subspan(run.at, run.length), codes.subspan(run.at, run.length));
    }, [&](std::int64_t group, std::size_t at, std::size_t length) {
        codec.encode(q.spec, groupParameters(q, group), x.subspan(at, length), codes.subspan(at, length));
    });
}

void decodeBlocks(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const std::byte> codes, std::span<float> out) noexcept {
    const Codec& codec = codecOf(q.spec);
    forRuns(q, tile, [&](const GroupRun& run) {
        codec.blocks.decode(isa, innerOf(q, run), codes.subspan(run.at, run.length), out.subspan(run.at, run.length));
    }, [&](std::int64_t group, std::size_t at, std::size_t length) {
        codec.decode(q.spec, groupParameters(q, group), codes.subspan(at, length), out.subspan(at, length));
    });
}

}  // namespace bitlathe
