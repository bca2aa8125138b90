#include "core/workflow/layer_tile.h"

#include "core/quant/block_rows.h"
#include "core/quant/codec.h"
#include "core/quant/fast_rows.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"

#include <algorithm>

namespace bitlathe {

namespace {

void countCodes(std::span<const std::byte> codes, std::size_t codeBytes, std::vector<std::uint64_t>& counts) {
    if (codeBytes == 1) {
        for (const std::byte code : codes) ++counts[std::to_integer<std::size_t>(code)];
    } else {
        for (std::size_t i = 0; i + 1 < codes.size(); i += 2) ++counts[std::to_integer<std::size_t>(codes[i]) | std::to_integer<std::size_t>(codes[i + 1]) << 8];
    }
}

// How many values lie beyond their group's range by more than half a step.
std::int64_t clippedIn(const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, double halfStep) {
    const Codec& codec = codecOf(q.spec);
    std::int64_t clipped = 0;
    if (halfStep <= 0) return clipped;
    forGroupPieces(q.grid(), tile, [&](std::int64_t g, std::size_t at, std::size_t length) {
        const GroupParameters group = groupParameters(q, g);
        const ValueRange ends = codec.representable(q.spec, group);
        const float margin = float(double(group.scale) * halfStep) * (1 + 1e-5f), lo = ends.lo - margin, hi = ends.hi + margin;
        std::int32_t outside = 0;
        for (const float v : x.subspan(at, length)) outside += (v < lo || v > hi) && v - v == 0.0f;
        clipped += outside;
    });
    return clipped;
}

void addToCells(TilePart& part, const MapGrid& grid, const WeightTile& tile, std::span<const float> errors) {
    openCells(part, grid, tile);
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        double* cells = part.cells.data() + ((tile.channel + c) / grid.channelsPerRow - part.firstRow) * grid.columns;
        const float* e = errors.data() + c * tile.elements;
        for (std::int64_t at = 0; at < tile.elements;) {
            const std::int64_t column = (tile.element + at) / grid.elementsPerColumn;
            const std::int64_t end = std::min((column + 1) * grid.elementsPerColumn - tile.element, tile.elements);
            double sum = 0;
            for (; at < end; ++at) sum += double(e[at]) * double(e[at]);
            cells[column] += sum;
        }
    }
}

}  // namespace

std::size_t codePlaces(const QuantizedTensor& q) { return std::size_t{1} << bitsOf(codecOf(q.spec).codeType(q.spec)); }

void openCells(TilePart& part, const MapGrid& grid, const WeightTile& tile) {
    part.firstRow = tile.channel / grid.channelsPerRow;
    const std::int64_t rows = (tile.channel + tile.channels - 1) / grid.channelsPerRow - part.firstRow + 1;
    part.cells.assign(static_cast<std::size_t>(rows * grid.columns), 0.0);
}

void decodeTile(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<float> decoded,
                std::vector<std::uint64_t>& counts) {
    const Codec& codec = codecOf(q.spec);
    const std::size_t codeBytes = static_cast<std::size_t>(bitsOf(codec.codeType(q.spec)) / 8);
    std::vector<std::byte> codes(x.size() * codeBytes);
    if (hasFastRows(q.spec) && !isSoft(q.spec)) {
        const FastRows rows(q);
        const FastRows::Groups groups = rows.groups(tile);
        for (std::int64_t c = 0; c < tile.channels; ++c) {
            const std::int64_t at = c * tile.elements;
            levelRows(isa, {x.data() + at, tile.elements, rows.format(), groups.of(c), codes.data() + at * std::int64_t(codeBytes), decoded.data() + at});
        }
    } else if (hasBlockRows(q.spec)) {
        encodeBlocks(isa, q, tile, x, codes);
        decodeBlocks(isa, q, tile, codes, decoded);
    } else {
        forGroupPieces(q.grid(), tile, [&](std::int64_t g, std::size_t at, std::size_t length) {
            const GroupParameters group = groupParameters(q, g);
            const auto piece = std::span(codes).subspan(at * codeBytes, length * codeBytes);
            encodeShaped(codec, q.spec, group, x.subspan(at, length), piece);
            codec.decode(q.spec, group, piece, decoded.subspan(at, length));
        });
    }
    if (!counts.empty()) countCodes(codes, codeBytes, counts);
}

void measureTileByCodec(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, const MapGrid& grid, double halfStep, TilePart& part) {
    std::vector<float> decoded(x.size()), errors(x.size());
    decodeTile(isa, q, tile, x, decoded, part.codeCounts);
    part.clipped = clippedIn(q, tile, x, halfStep);
    part.channels.resize(static_cast<std::size_t>(tile.channels));
    const auto each = static_cast<std::size_t>(tile.elements);
    for (std::size_t c = 0; c < part.channels.size(); ++c) {
        ErrorSums sums;
        addPairs(sums, x.subspan(c * each, each), std::span(decoded).subspan(c * each, each), std::span(errors).subspan(c * each, each));
        part.channels[c] = {sums.xx, sums.ee};
        combine(part.sums, sums);
    }
    addToCells(part, grid, tile, errors);
    for (std::size_t i = 0; i < x.size(); ++i)  // no picture of what is no number
        if (!(x[i] - x[i] == 0.0f)) decoded[i] = errors[i] = x[i] - x[i];
    addTo(part.quantized, decoded);
    addTo(part.errors, errors);
}

}  // namespace bitlathe
