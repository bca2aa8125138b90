#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/kernels/level_rows.h"

namespace bitlathe {
namespace {

constexpr int most = 32;

int cellOf(const LevelCells& cells, float q) noexcept {
    if (cells.kind == LevelCells::Kind::Even)
        return static_cast<int>(std::nearbyint(std::clamp(std::fma(q, cells.perUnit, cells.offset), 0.0f, 31.0f)));
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(q);
    const auto binade = static_cast<std::int32_t>((bits & 0x7fffffff) >> cells.shift);
    return (std::clamp(binade, cells.least, cells.least + 15) & 15) | static_cast<int>(bits >> 31 << 4);
}

// Fills the cells, if each holds one threshold at most. `rank` of a cell grows with q.
bool fill(LevelCells& cells, int count, const float* levels, const float* thresholds, const std::uint8_t* codes) noexcept {
    const auto rank = [&](int cell) {
        if (cells.kind == LevelCells::Kind::Even) return cell;
        const int binade = (cell - cells.least) & 15;
        return cell & 16 ? 15 - binade : 16 + binade;
    };
    int inside[most];  // the threshold in the cell of each rank
    std::fill_n(inside, most, -1);
    for (int i = 0; i + 1 < count; ++i) {
        int& place = inside[rank(cellOf(cells, thresholds[i] + 0.0f))];
        if (place >= 0) return false;
        place = i;
    }
    for (int cell = 0; cell < most; ++cell) {
        int level = 0;  // thresholds in lower cells
        for (int lower = 0; lower < rank(cell); ++lower) level += inside[lower] >= 0;
        const int own = inside[rank(cell)], above = own >= 0 ? level + 1 : level;
        cells.thresholds[cell] = own >= 0 ? thresholds[own] : std::numeric_limits<float>::infinity();
        cells.below[cell] = levels[level];
        cells.above[cell] = levels[above];
        cells.codesBelow[cell] = codes[level];
        cells.codesAbove[cell] = codes[above];
    }
    return true;
}

}  // namespace

LevelCells levelCells(int count, const float* levels, const float* thresholds, const std::uint8_t* codes) noexcept {
    LevelCells cells;
    if (count <= 4 || count > most) return cells;  // four levels are found as fast by two comparisons
    const float first = thresholds[0], last = thresholds[count - 2], span = last - first;
    cells.kind = LevelCells::Kind::Even;
    for (const float wider : {1.0f, 1.1f, 1.25f, 1.5f, 0.9f, 2.0f})
        for (const float phase : {0.5f, 0.0f, 0.25f, 0.75f}) {
            cells.perUnit = span > 0 ? 30.0f / (span * wider) : 1.0f;
            // Around zero if that is in the middle, so that cells are alike on both sides.
            cells.offset = first < 0 && last > 0 ? std::nearbyint(-first * cells.perUnit) + phase : -first * cells.perUnit + phase;
            if (std::isfinite(cells.perUnit) && std::isfinite(cells.offset) && fill(cells, count, levels, thresholds, codes)) return cells;
        }
    cells.kind = LevelCells::Kind::Binades;
    const float largest = std::max(std::fabs(first), std::fabs(last));
    for (const int shift : {23, 22, 21}) {
        cells.shift = shift;
        cells.least = std::max(0, static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(largest) >> shift) - 15);
        if (fill(cells, count, levels, thresholds, codes)) return cells;
    }
    cells.kind = LevelCells::Kind::None;
    return cells;
}

}  // namespace bitlathe
