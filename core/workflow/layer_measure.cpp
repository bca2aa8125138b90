#include "core/workflow/layer_measure.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

std::int64_t ceilDivide(std::int64_t a, std::int64_t b) noexcept { return (a + b - 1) / b; }

// What one tile adds; combined in the order of tiles.
struct Part {
    std::vector<ErrorSums> channels;
    std::int64_t clipped = 0;
    Histogram quantized, errors;
    std::int64_t firstRow = 0;
    std::vector<double> cells;  // Σe² over the rows that the tile touches × columns
};

// Buffers of one tile.
struct Buffers {
    std::vector<float> gathered, decoded, errors;
    std::vector<std::byte> codes;
};

std::vector<WeightTile> tilesFor(const QuantizedTensor& q) {
    const GroupGrid grid = q.grid();
    return weightTiles(q.layout, grid.perChannel == 0 ? 1 : std::max<std::int64_t>(grid.size, 1));
}

// Decodes what the tile's values become; returns how many are clipped.
std::int64_t codeTile(const Codec& codec, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, double halfStep, Buffers& b) {
    const std::size_t codeBytes = static_cast<std::size_t>(bitsOf(codec.codeType(q.spec)) / 8);
    b.codes.resize(x.size() * codeBytes);
    b.decoded.resize(x.size());
    std::int64_t clipped = 0;
    forGroupPieces(q.grid(), tile, [&](std::int64_t g, std::size_t at, std::size_t length) {
        const GroupParameters group = groupParameters(q, g);
        const auto piece = x.subspan(at, length);
        const auto codes = std::span(b.codes).subspan(at * codeBytes, length * codeBytes);
        codec.encode(q.spec, group, piece, codes);
        codec.decode(q.spec, group, codes, std::span(b.decoded).subspan(at, length));
        const ValueRange ends = codec.representable(q.spec, group);
        const float margin = float(double(group.scale) * halfStep) * (1 + 1e-5f), lo = ends.lo - margin, hi = ends.hi + margin;
        std::int32_t outside = 0;
        for (const float v : piece) outside += (v < lo || v > hi) && v - v == 0.0f;
        clipped += outside;
    });
    return clipped;
}

void addToCells(Part& part, const MapGrid& grid, const WeightTile& tile, std::span<const float> errors) {
    part.firstRow = tile.channel / grid.channelsPerRow;
    const std::int64_t rows = (tile.channel + tile.channels - 1) / grid.channelsPerRow - part.firstRow + 1;
    part.cells.assign(static_cast<std::size_t>(rows * grid.columns), 0.0);
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        const std::int64_t row = (tile.channel + c) / grid.channelsPerRow - part.firstRow;
        double* cells = part.cells.data() + row * grid.columns;
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
    MapGrid grid;
    const std::int64_t channels = layout.channels, each = layout.perChannel();
    if (channels <= 0 || each <= 0) return grid;
    const GroupGrid groups = groupGrid(layout, spec);
    const std::int64_t unit = groups.perChannel > 1 ? groups.size : 1;
    grid.channelsPerRow = ceilDivide(channels, ErrorMap::kMapSide);
    grid.elementsPerColumn = unit * ceilDivide(ceilDivide(each, unit), ErrorMap::kMapSide);
    grid.rows = static_cast<int>(ceilDivide(channels, grid.channelsPerRow));
    grid.columns = static_cast<int>(ceilDivide(each, grid.elementsPerColumn));
    return grid;
}

Measured measure(std::span<const float> values, const QuantizedTensor& q, Histogram quantized, Histogram errors, double halfStep,
                 Workers& workers, JobContext& job) {
    const Codec& codec = codecOf(q.spec);
    const MapGrid grid = mapGrid(q.layout, q.spec);
    const auto tiles = tilesFor(q);
    Measured result;
    result.channels.resize(tiles.empty() ? 0 : static_cast<std::size_t>(q.layout.channels));
    std::vector<double> cells(static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.columns));
    std::vector<Part> parts(tiles.size());  // emptied after each slice
    forTiles(
        tiles, workers, job,
        [&](std::size_t t) {
            const WeightTile& tile = tiles[t];
            Buffers b;
            const auto x = tileValues(values, q.layout, tile, b.gathered);
            Part& part = parts[t];
            part.clipped = codeTile(codec, q, tile, x, halfStep, b);
            b.errors.resize(x.size());
            part.channels.resize(static_cast<std::size_t>(tile.channels));
            const auto each = static_cast<std::size_t>(tile.elements);
            for (std::size_t c = 0; c < part.channels.size(); ++c)
                addPairs(part.channels[c], x.subspan(c * each, each), std::span(b.decoded).subspan(c * each, each),
                         std::span(b.errors).subspan(c * each, each));
            addToCells(part, grid, tile, b.errors);
            part.quantized = quantized;
            part.errors = errors;
            for (std::size_t i = 0; i < x.size(); ++i)  // no picture of what is no number
                if (!(x[i] - x[i] == 0.0f)) b.decoded[i] = b.errors[i] = x[i] - x[i];
            addTo(part.quantized, b.decoded);
            addTo(part.errors, b.errors);
        },
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t t = begin; t < end; ++t) {
                Part& part = parts[t];
                for (std::size_t c = 0; c < part.channels.size(); ++c) combine(result.channels[static_cast<std::size_t>(tiles[t].channel) + c], part.channels[c]);
                for (std::size_t i = 0; i < part.cells.size(); ++i) cells[static_cast<std::size_t>(part.firstRow * grid.columns) + i] += part.cells[i];
                result.clipped += part.clipped;
                if (result.quantized.counts.empty()) {
                    result.quantized = std::move(part.quantized);
                    result.errors = std::move(part.errors);
                } else {
                    addCounts(result.quantized, part.quantized);
                    addCounts(result.errors, part.errors);
                }
                part = {};
            }
        });
    if (tiles.empty()) {
        result.quantized = std::move(quantized);
        result.errors = std::move(errors);
    }
    for (const ErrorSums& sums : result.channels) combine(result.all, sums);
    result.map = rootsOf(cells, grid, q.layout);
    return result;
}

ErrorSums measureSums(std::span<const float> values, const QuantizedTensor& q, Workers& workers, JobContext& job) {
    const Codec& codec = codecOf(q.spec);
    const auto tiles = tilesFor(q);
    std::vector<ErrorSums> parts(tiles.size());
    forTiles(tiles, workers, job, [&](std::size_t t) {
        Buffers b;
        const auto x = tileValues(values, q.layout, tiles[t], b.gathered);
        codeTile(codec, q, tiles[t], x, 0.5, b);
        addPairs(parts[t], x, b.decoded);
    });
    ErrorSums all;
    for (const ErrorSums& part : parts) combine(all, part);
    return all;
}

}  // namespace bitlathe
