// The inner tiles behind igemm.h and iconv.h, for their drivers and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

// The most groups of four depths that one tile is asked for, over all its segments.
constexpr int igemmMostGroups = 384;

// C[rowCount x 16*panels] = start + sum over segments and depths of A (as u8) * packed B (s8), int32.
struct IgemmTile {
    const std::uint8_t* const* rows;  // row i of segment s starts at rows[s * rowsStride + i] + depthBegin
    std::int64_t rowsStride;
    std::int64_t segments;
    std::int64_t depthBegin;  // multiple of 4
    std::int64_t depthCount;  // bytes to take of each segment
    const std::int8_t* panel;  // packed B of the first column, at segment 0 and depthBegin
    std::int64_t panelStride;    // bytes from one 16-column panel to the next
    std::int64_t segmentStride;  // bytes from one segment to the next within a panel
    int rowCount;  // 1..the implementation's most
    int panels;    // 1..4
    std::int32_t* c;
    std::int64_t cStride;
    const std::int32_t* start;  // 16 * panels columns, added to every row; nullptr: add to what c holds
    std::uint32_t flip;         // 0 for u8 rows, 0x80808080 for s8 rows (adds 128 to each byte)
};

using IgemmTileFn = void (*)(const IgemmTile& tile) noexcept;

void igemmTileReference(const IgemmTile& tile) noexcept;
void igemmTileAvx2(const IgemmTile& tile) noexcept;
void igemmTileAvx512Vnni(const IgemmTile& tile) noexcept;

// The most rows a tile may have when `panels` panels are asked for.
struct IgemmTileShape {
    IgemmTileFn tile;
    int mostRows[5];  // indexed by panels; [0] unused
};

}  // namespace bitlathe
