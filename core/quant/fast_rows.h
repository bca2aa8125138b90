// The kernels' fast rows for the groups of a quantized tensor: what a codec says of itself (FastRow) as the
// kernels want it. Codes and values are those of the codec's own row. Knows no tiles but their groups.
#pragma once

#include "core/kernels/level_rows.h"
#include "core/quant/level_table.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/weight_tiles.h"

#include <memory>
#include <span>
#include <vector>

namespace bitlathe {

// Whether the spec's format has a fast row. Values under a knee must be shaped by the caller.
bool hasFastRows(const QuantSpec& spec) noexcept;

// Whether the fused kernel of core/kernels/weight_pass.h codes and sums it at once: even steps, codes of a
// byte, values as they are.
bool isFused(const QuantSpec& spec) noexcept;

// A level table as the kernels search it.
class SearchableTable {
public:
    // cells: look for them; worth the time where many values share the table.
    SearchableTable(const LevelTable& table, bool cells);
    const LevelSet& set() const noexcept { return m_set; }

private:
    std::vector<float> m_floats;  // survives moves: m_set points into it
    std::vector<std::int32_t> m_codes;
    std::unique_ptr<LevelCells> m_cells;
    LevelSet m_set;
};

// What is the same for all tiles of q. Outlived by q.
class FastRows {
public:
    explicit FastRows(const QuantizedTensor& q);

    // What the groups of a tile have, row by row: a tile's row has perRow of them, each of the tensor's
    // group size, or of the tile's width without groups. Per tensor all rows share one: `perRow` 0.
    struct Groups {
        LevelGroups of(std::int64_t row) const noexcept;  // from a row of the tile on
        std::int64_t perRow = 0, size = 1;
        const float* scales = nullptr;  // q's own
        const std::int32_t* zeroPoints = nullptr;
        std::vector<float> divisors;
        std::vector<SearchableTable> tables;
        std::vector<LevelSet> sets;
    };
    Groups groups(const WeightTile& tile) const;
    const LevelFormat& format() const noexcept { return m_format; }

private:
    const QuantizedTensor& m_q;
    LevelFormat m_format;
    std::vector<SearchableTable> m_shared;  // one, where all groups have the same levels
};

}  // namespace bitlathe
