// What one tile of a weight adds to a measurement, found by the codec's row or by the fused pass of
// core/kernels. Private to layer_measure.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/error_sums.h"
#include "core/quant/histogram.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/weight_tiles.h"
#include "core/workflow/layer_measure.h"

#include <span>
#include <vector>

namespace bitlathe {

class FastRows;

struct TilePart {
    ErrorSums sums;
    std::int64_t clipped = 0;
    std::vector<ChannelPower> channels;
    Histogram quantized, errors;  // axes set by the caller
    std::vector<std::uint64_t> codeCounts;  // sized by the caller, codePlaces() of them; empty: not wanted
    std::int64_t firstRow = 0;    // of the map
    std::vector<double> cells;    // Σe² over the map's rows that the tile touches × columns
};

// What x becomes, in its place in the tile. counts: how often each code occurs, added to; empty: not wanted.
void decodeTile(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, std::span<float> decoded,
                std::vector<std::uint64_t>& counts);

// x: the tile's values, channels × elements. halfStep as in measure(). Any values, in plain loops of doubles.
void measureTileByCodec(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, const MapGrid& grid, double halfStep,
                        TilePart& part);

// Whether the pass can do it: groups and map columns that fit the pass.
bool passFits(const QuantizedTensor& q, const MapGrid& grid) noexcept;
// The same for finite x: codes are those of the codec's row, sums differ in rounding, and the tile's
// elements begin at a multiple of passUnit(). rows: of q, where its format has them; else null.
void measureTileByPass(Isa isa, const QuantizedTensor& q, const FastRows* rows, const WeightTile& tile, std::span<const float> x, const MapGrid& grid,
                       double halfStep, TilePart& part);
// Elements of one group of the pass.
std::int64_t passUnit(const QuantizedTensor& q, const MapGrid& grid) noexcept;

// How many different codes there are room for: one place per bit pattern of codec.codeType().
std::size_t codePlaces(const QuantizedTensor& q);

// Makes room for the tile's cells.
void openCells(TilePart& part, const MapGrid& grid, const WeightTile& tile);

}  // namespace bitlathe
