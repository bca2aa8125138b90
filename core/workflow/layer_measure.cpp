#include "core/workflow/layer_measure.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/fast_rows.h"
#include "core/quant/group_fit.h"
#include "core/workflow/layer_tile.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace bitlathe {

namespace {

std::int64_t ceilDivide(std::int64_t a, std::int64_t b) noexcept { return (a + b - 1) / b; }

std::vector<float> rootsOf(const std::vector<double>& cells, const MapGrid& grid, const ChannelLayout& layout) {
    std::vector<float> map(cells.size());
    for (int r = 0; r < grid.rows; ++r)
        for (int c = 0; c < grid.columns; ++c) {
            const auto channels = std::min(grid.channelsPerRow, layout.channels - r * grid.channelsPerRow);
            const auto elements = std::min(grid.elementsPerColumn, layout.perChannel() - c * grid.elementsPerColumn);
            const auto i = static_cast<std::size_t>(r * grid.columns + c);
            map[i] = float(std::sqrt(cells[i] / double(channels * elements)));
        }
    return map;
}

void addCounts(Histogram& to, const Histogram& from) {
    for (std::size_t i = 0; i < from.counts.size(); ++i) to.counts[i] += from.counts[i];
    to.below += from.below;
    to.above += from.above;
}

}  // namespace

MapGrid mapGrid(const ChannelLayout& layout, const QuantSpec& spec) noexcept {
    constexpr std::int64_t kSmall = 1 << 18, kPassUnit = 16;
    MapGrid grid;
    const std::int64_t channels = layout.channels, each = layout.perChannel();
    if (channels <= 0 || each <= 0) return grid;
    const GroupGrid groups = groupGrid(layout, spec);
    const std::int64_t unit = groups.perChannel > 1 ? groups.size : channels * each <= kSmall ? 1 : kPassUnit;
    grid.channelsPerRow = ceilDivide(channels, ErrorMap::kMapSide);
    grid.elementsPerColumn = unit * ceilDivide(ceilDivide(each, unit), ErrorMap::kMapSide);
    grid.rows = static_cast<int>(ceilDivide(channels, grid.channelsPerRow));
    grid.columns = static_cast<int>(ceilDivide(each, grid.elementsPerColumn));
    return grid;
}

Measured measure(const Measurement& what, Workers& workers, JobContext& job) {
    const QuantizedTensor& q = what.q;
    const MapGrid grid = mapGrid(q.layout, q.spec);
    const bool byPass = what.allFinite && passFits(q, grid);
    const GroupGrid groups = q.grid();
    const auto tiles = weightTiles(q.layout, byPass ? passUnit(q, grid) : groups.perChannel == 0 ? 1 : std::max<std::int64_t>(groups.size, 1));
    Measured result;
    result.channels.resize(tiles.empty() ? 0 : static_cast<std::size_t>(q.layout.channels));
    result.quantized = what.quantized;
    result.errors = what.errors;
    if (what.countCodes) result.codeCounts.resize(codePlaces(q));
    std::vector<double> cells(static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.columns));
    std::optional<FastRows> rows;
    if (byPass && hasFastRows(q.spec)) rows.emplace(q);
    std::vector<TilePart> parts(tiles.size());  // emptied after each slice
    const auto one = [&](std::size_t t) {
        std::vector<float> scratch;
        const auto x = tileValues(what.values, q.layout, tiles[t], scratch, what.isa);
        TilePart& part = parts[t];
        part.quantized = what.quantized;
        part.errors = what.errors;
        if (what.countCodes) part.codeCounts.resize(result.codeCounts.size());
        if (byPass)
            measureTileByPass(what.isa, q, rows ? &*rows : nullptr, tiles[t], x, grid, what.halfStep, part);
        else
            measureTileByCodec(what.isa, q, tiles[t], x, grid, what.halfStep, part);
    };
    const auto combineSlice = [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            TilePart& part = parts[t];
            combine(result.sums, part.sums);
            result.clipped += part.clipped;
            for (std::size_t c = 0; c < part.channels.size(); ++c) {
                ChannelPower& power = result.channels[static_cast<std::size_t>(tiles[t].channel) + c];
                power.signal += part.channels[c].signal;
                power.noise += part.channels[c].noise;
            }
            for (std::size_t i = 0; i < part.cells.size(); ++i) cells[static_cast<std::size_t>(part.firstRow * grid.columns) + i] += part.cells[i];
            addCounts(result.quantized, part.quantized);
            addCounts(result.errors, part.errors);
            for (std::size_t i = 0; i < part.codeCounts.size(); ++i) result.codeCounts[i] += part.codeCounts[i];
            part = {};
        }
    };
    forTiles(tiles, workers, job, one, combineSlice);
    result.map = rootsOf(cells, grid, q.layout);
    return result;
}

}  // namespace bitlathe
