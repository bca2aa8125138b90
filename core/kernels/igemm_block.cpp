#include "core/kernels/igemm_block.h"

#include <algorithm>
#include <cstring>

namespace bitlathe {
namespace {

constexpr int panelsPerTile = 4;
constexpr std::int64_t tileColumns = panelsPerTile * igemmPanelColumns;
// Depths per pass: a slice of 64 columns then stays in the first-level cache while the rows go by.
constexpr std::int64_t depthsPerPass = 384;
static_assert(depthsPerPass <= igemmMostGroups, "as many segments of one depth take a group each");

struct Slice {  // a part of k
    std::int64_t segmentBegin, segmentCount, depthBegin, depthCount;
};

// The next slice after `s`; false when k is used up. Whole segments are grouped while they are short;
// long ones are cut.
bool nextSlice(const IgemmShape& shape, Slice& s) noexcept {
    const std::int64_t segment = s.segmentBegin + s.segmentCount;
    if (s.depthBegin + s.depthCount < shape.depth && s.segmentCount == 1) {
        s.depthBegin += s.depthCount;
        s.depthCount = std::min(depthsPerPass, shape.depth - s.depthBegin);
        return true;
    }
    if (segment >= shape.segments) return false;
    s.segmentBegin = segment;
    s.depthBegin = 0;
    if (shape.depth > depthsPerPass) {
        s.segmentCount = 1;
        s.depthCount = depthsPerPass;
    } else {
        s.segmentCount = std::min(std::max<std::int64_t>(1, depthsPerPass / std::max<std::int64_t>(1, shape.depth)),
                                  shape.segments - segment);
        s.depthCount = shape.depth;
    }
    return true;
}

// Sum of one row's bytes as the tile sees them (u8).
std::int32_t rowSum(const IgemmBlock& block, int row) noexcept {
    const std::uint8_t flip = static_cast<std::uint8_t>(block.flip);
    std::uint32_t sum = 0;
    for (std::int64_t s = 0; s < block.shape.segments; ++s) {
        const std::uint8_t* bytes = block.rows[s * block.rowsStride + row];
        for (std::int64_t d = 0; d < block.shape.depth; ++d) sum += static_cast<std::uint8_t>(bytes[d] ^ flip);
    }
    return static_cast<std::int32_t>(sum);
}

// Brings lines of the coming slice closer while the current one is computed: hardware follows four
// separate streams of a few KiB badly.
void prefetchPart(const std::int8_t* from, std::int64_t panelStride, int panels, std::int64_t bytes, int part, int parts) noexcept {
    const std::int64_t begin = bytes * part / parts / 64 * 64, end = bytes * (part + 1) / parts;
    for (int p = 0; p < panels; ++p)
        for (std::int64_t b = begin; b < end; b += 64) __builtin_prefetch(from + p * panelStride + b, 0, 2);
}

struct Destination {
    std::int32_t* c;
    std::int64_t stride;
};

void accumulate(const IgemmImplementation& implementation, const IgemmBlock& block, std::int64_t column,
                int panels, bool morePanels, Destination to) noexcept {
    const IgemmShape& shape = block.shape;
    const std::int64_t depth4 = (shape.depth + 3) / 4 * 4;
    const std::int64_t segmentBytes = depth4 * igemmPanelColumns;
    const std::int64_t panelBytes = segmentBytes * shape.segments;
    const auto* panel = static_cast<const std::int8_t*>(block.packed) + column / igemmPanelColumns * panelBytes;
    // Equal heights: 7 rows become 4 + 3, not 6 + 1.
    const int most = implementation.tiles.mostRows[panels];
    const int tiles = (block.rowCount + most - 1) / most;

    const auto sliceAt = [&](const Slice& s) {
        return panel + s.segmentBegin * segmentBytes + s.depthBegin * igemmPanelColumns;
    };
    Slice slice{0, 0, 0, 0};
    nextSlice(shape, slice);
    for (bool first = true, more = true; more; first = false) {
        Slice coming = slice;
        more = nextSlice(shape, coming);
        const std::int8_t* ahead = more ? sliceAt(coming) : panel + panels * panelBytes;
        const std::int64_t aheadBytes = more || morePanels ? coming.segmentCount * (coming.depthCount + 3) / 4 * 4 * igemmPanelColumns : 0;
        int row = 0;
        for (int t = 0; t < tiles; ++t) {
            const int rows = (block.rowCount - row + (tiles - t) - 1) / (tiles - t);
            prefetchPart(ahead, panelBytes, panels, aheadBytes, t, tiles);
            IgemmTile tile;
            tile.rows = block.rows + slice.segmentBegin * block.rowsStride + row;
            tile.rowsStride = block.rowsStride;
            tile.segments = slice.segmentCount;
            tile.depthBegin = slice.depthBegin;
            tile.depthCount = slice.depthCount;
            tile.panel = sliceAt(slice);
            tile.panelStride = panelBytes;
            tile.segmentStride = segmentBytes;
            tile.rowCount = rows;
            tile.panels = panels;
            tile.c = to.c + row * to.stride;
            tile.cStride = to.stride;
            tile.start = first ? block.offsets + column : nullptr;
            tile.flip = block.flip;
            implementation.tiles.tile(tile);
            row += rows;
        }
        slice = coming;
    }
}

void subtractColumnZeros(const IgemmBlock& block, const std::int32_t* rowSums, std::int64_t column,
                         std::int64_t columns, Destination to) noexcept {
    for (int i = 0; i < block.rowCount; ++i) {
        const auto sum = static_cast<std::uint32_t>(rowSums[i]);
        std::int32_t* c = to.c + i * to.stride;
        for (std::int64_t j = 0; j < columns; ++j)
            c[j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(c[j]) -
                                             static_cast<std::uint32_t>(block.columnZeros[column + j]) * sum);
    }
}

}  // namespace

void igemmBlock(const IgemmImplementation& implementation, const IgemmBlock& block,
                std::int64_t columnBegin, std::int64_t columnEnd) noexcept {
    alignas(64) std::int32_t scratch[igemmBlockRows * tileColumns];
    std::int32_t rowSums[igemmBlockRows];
    if (block.columnZeros)
        for (int i = 0; i < block.rowCount; ++i) rowSums[i] = rowSum(block, i);

    for (std::int64_t column = columnBegin; column < columnEnd; column += tileColumns) {
        const std::int64_t columns = std::min(tileColumns, columnEnd - column);
        const int panels = static_cast<int>((columns + igemmPanelColumns - 1) / igemmPanelColumns);
        const bool direct = block.c && columns == panels * igemmPanelColumns;
        const Destination to =
            direct ? Destination{block.c + column, block.cStride} : Destination{scratch, tileColumns};
        accumulate(implementation, block, column, panels, column + 2 * tileColumns <= columnEnd, to);
        if (block.columnZeros) subtractColumnZeros(block, rowSums, column, columns, to);
        if (direct) continue;
        if (block.c) {
            for (int i = 0; i < block.rowCount; ++i)
                std::memcpy(block.c + i * block.cStride + column, scratch + i * tileColumns,
                            static_cast<std::size_t>(columns) * sizeof(std::int32_t));
        } else {
            implementation.requantize(requantizeTask(
                {scratch, tileColumns, block.rowCount, columns, block.y + column, block.yStride}, *block.rule, column));
        }
    }
}

}  // namespace bitlathe
