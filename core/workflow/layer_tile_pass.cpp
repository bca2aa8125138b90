#include "core/workflow/layer_tile.h"

#include "core/kernels/weight_pass.h"
#include "core/quant/affine.h"
#include "core/quant/codec.h"
#include "core/quant/fast_rows.h"
#include "core/quant/group_fit.h"
#include "core/quant/soft_clip.h"
#include "core/workflow/pass_bins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace bitlathe {

namespace {

constexpr std::int64_t kLongestGroup = 2048;
constexpr std::size_t kMostBins = 4096;

bool isGrouped(const QuantizedTensor& q) noexcept { return q.grid().perChannel > 1; }

void add(ErrorSums& sums, const WeightSums& pass) noexcept {
    sums.count += pass.count - pass.notFinite;
    sums.xx += pass.value2;
    sums.ee += pass.error2;
    sums.xy += pass.valueDecoded();
    sums.yy += pass.decoded2();
    sums.maximum = std::max(sums.maximum, double(pass.maxError));
}

struct Codes {
    std::int32_t low = 0, high = 0;
};
Codes codesOf(const QuantSpec& spec) noexcept {
    const Codec& codec = codecOf(spec);
    if (codec.affine && spec.bits == 1 && spec.symmetric) return {-1, 1};
    if (hasFastRows(spec))
        if (const LevelFormat format = codec.fast.format(spec); format.kind == LevelFormat::Kind::Steps) return {format.low, format.high};
    const std::int32_t all = 1 << spec.bits;
    return codec.codeType(spec) == ElementType::I8 ? Codes{-all / 2, all / 2 - 1} : Codes{0, all - 1};
}

// The units of a tile, row by row, and the groups in which they lie.
struct Units {
    Units(const QuantizedTensor& q, const WeightTile& tile, std::int64_t unit) : grid(q.grid()), where(tile), perRow((tile.elements + unit - 1) / unit), all(perRow * tile.channels) {}
    // Units are groups: those of a tile lie one after the other.
    bool areGroups() const noexcept { return grid.perChannel > 1; }
    std::int64_t first() const noexcept { return grid.groupOf(where.channel, where.element); }
    // Calls each(group, how many units of it follow).
    template <class Each>
    void forGroups(Each&& each) const {
        if (areGroups())
            for (std::int64_t u = 0; u < all; ++u) each(first() + u, std::int64_t{1});
        else
            for (std::int64_t c = 0; c < where.channels; ++c) each(grid.groupOf(where.channel + c, where.element), perRow);
    }
    GroupGrid grid;
    WeightTile where;
    std::int64_t perRow, all;
};

// One entry per unit.
struct UnitScales {
    UnitScales(const QuantizedTensor& q, const Units& units) {
        if (units.areGroups()) {
            scales = q.scales.data() + units.first();
            zeroPoints = q.zeroPoints.data() + units.first();
            return;
        }
        units.forGroups([&](std::int64_t g, std::int64_t count) {
            m_scales.insert(m_scales.end(), static_cast<std::size_t>(count), q.scales[static_cast<std::size_t>(g)]);
            m_zeroPoints.insert(m_zeroPoints.end(), static_cast<std::size_t>(count), q.zeroPoints[static_cast<std::size_t>(g)]);
        });
        scales = m_scales.data();
        zeroPoints = m_zeroPoints.data();
    }
    UnitScales(const UnitScales&) = delete;
    UnitScales& operator=(const UnitScales&) = delete;
    const float* scales;
    const std::int32_t* zeroPoints;

private:
    std::vector<float> m_scales;
    std::vector<std::int32_t> m_zeroPoints;
};

// What does not count as clipped: what the group represents and half a step more.
struct UnitEnds {
    UnitEnds(const QuantizedTensor& q, const Units& units, double halfStep) {
        const Codec& codec = codecOf(q.spec);
        lowest.reserve(static_cast<std::size_t>(units.all));
        highest.reserve(static_cast<std::size_t>(units.all));
        // Ends in proportion to the scale are asked for once.
        const bool proportional = hasFastRows(q.spec) && !codec.fast.tablePerGroup && codec.fast.format(q.spec).kind != LevelFormat::Kind::Steps;
        const ValueRange one = proportional ? codec.representable(q.spec, {1.0f, 0, {}}) : ValueRange{};
        units.forGroups([&](std::int64_t g, std::int64_t count) {
            const float scale = q.scales[static_cast<std::size_t>(g)];
            const ValueRange ends = proportional ? ValueRange{scale * one.lo, scale * one.hi} : codec.representable(q.spec, groupParameters(q, g));
            const float margin = float(double(scale) * halfStep) * (1 + 1e-5f);
            for (std::int64_t u = 0; u < count; ++u) {
                lowest.push_back(ends.lo - margin);
                highest.push_back(ends.hi + margin);
            }
        });
    }
    std::vector<float> lowest, highest;
};

std::vector<float> shapedTile(const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x) {
    std::vector<float> shaped(x.size());
    const Codec& codec = codecOf(q.spec);
    forGroupPieces(q.grid(), tile, [&](std::int64_t g, std::size_t at, std::size_t length) {
        shape(x.subspan(at, length), codec.representable(q.spec, groupParameters(q, g)), q.spec.knee, std::span(shaped).subspan(at, length));
    });
    return shaped;
}

}  // namespace

std::int64_t passUnit(const QuantizedTensor& q, const MapGrid& grid) noexcept { return isGrouped(q) ? q.grid().size : grid.elementsPerColumn; }

bool passFits(const QuantizedTensor& q, const MapGrid& grid) noexcept {
    constexpr std::int64_t kShortestGroup = 8;  // shorter ones are no work for vectors
    const std::int64_t unit = passUnit(q, grid);
    return unit >= kShortestGroup && unit <= kLongestGroup;
}

void measureTileByPass(Isa isa, const QuantizedTensor& q, const FastRows* rows, const WeightTile& tile, std::span<const float> x, const MapGrid& grid,
                       double halfStep, TilePart& part) {
    const std::int64_t unit = passUnit(q, grid);
    const Units units(q, tile, unit);
    std::vector<float> error2(static_cast<std::size_t>(units.all)), value2(error2.size());
    PassBins quantized(part.quantized), errors(part.errors);
    const Codes codes = codesOf(q.spec);
    WeightPass pass;
    pass.groupSize = unit;
    pass.low = codes.low;
    pass.high = codes.high;
    if (part.quantized.counts.size() <= kMostBins) pass.decoded = quantized.bins();
    if (part.errors.counts.size() <= kMostBins) pass.errors = errors.bins();

    std::optional<UnitScales> scales;
    std::optional<UnitEnds> ends;
    FastRows::Groups groups;
    std::vector<float> shaped, decoded;
    if (isFused(q.spec)) {
        scales.emplace(q, units);
        pass.signs = codecOf(q.spec).affine && q.spec.symmetric && q.spec.bits == 1;
    } else if (rows && !rows->format().wide) {
        groups = rows->groups(tile);
        pass.format = &rows->format();
        if (isSoft(q.spec)) shaped = shapedTile(q, tile, x);
    } else {
        decoded.resize(x.size());
        decodeTile(isa, q, tile, x, decoded, part.codeCounts);
    }
    if (!scales && halfStep > 0) ends.emplace(q, units, halfStep);
    std::vector<std::int64_t> codeCounts(part.codeCounts.empty() || !decoded.empty() ? 0 : static_cast<std::size_t>(codes.high - codes.low + 1));
    if (!codeCounts.empty()) pass.codeCounts = codeCounts.data();

    // Rows of whole units are one run for the pass; else a row's last unit is shorter, and each row is one.
    const std::int64_t runs = tile.elements % unit == 0 ? 1 : tile.channels, runUnits = units.all / runs;
    for (std::int64_t r = 0; r < runs; ++r) {
        const std::int64_t first = r * runUnits, at = r * tile.elements;
        pass.x = x.data() + at;
        pass.count = tile.count() / runs;
        if (scales) {
            pass.scales = scales->scales + first;
            pass.zeroPoints = scales->zeroPoints + first;
        }
        if (pass.format) pass.groups = groups.of(r);
        if (!shaped.empty()) pass.coded = shaped.data() + at;
        if (!decoded.empty()) pass.given = decoded.data() + at;
        if (ends) {
            pass.lowest = ends->lowest.data() + first;
            pass.highest = ends->highest.data() + first;
        }
        pass.groupError2 = error2.data() + first;
        pass.groupValue2 = value2.data() + first;
        const WeightSums sums = weightPass(isa, pass);
        add(part.sums, sums);
        part.clipped += sums.clipped;
    }
    quantized.addTo(part.quantized);
    errors.addTo(part.errors);
    for (std::size_t i = 0; i < codeCounts.size(); ++i)
        part.codeCounts[static_cast<std::uint8_t>(codes.low + static_cast<std::int32_t>(i))] += static_cast<std::uint64_t>(codeCounts[i]);
    openCells(part, grid, tile);
    part.channels.resize(static_cast<std::size_t>(tile.channels));
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        double* cells = part.cells.data() + ((tile.channel + c) / grid.channelsPerRow - part.firstRow) * grid.columns;
        ChannelPower& power = part.channels[static_cast<std::size_t>(c)];
        std::int64_t column = tile.element / grid.elementsPerColumn, columnEnd = (column + 1) * grid.elementsPerColumn - tile.element;
        for (std::int64_t u = 0; u < units.perRow; ++u) {
            const auto i = static_cast<std::size_t>(c * units.perRow + u);
            if (u * unit >= columnEnd) {
                ++column;
                columnEnd += grid.elementsPerColumn;
            }
            power.noise += double(error2[i]);
            power.signal += double(value2[i]);
            cells[column] += double(error2[i]);
        }
    }
}

}  // namespace bitlathe
