#include "core/workflow/layer_tile.h"

#include "core/kernels/weight_pass.h"
#include "core/quant/affine.h"
#include "core/quant/codec.h"
#include "core/quant/soft_clip.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::int64_t kLongestGroup = 2048;
constexpr std::size_t kMostBins = 4096;

// A histogram's axis for the pass, whose bins are half open: the upper end moves up by an ulp or two, so
// that the axis holds it.
class PassBins {
public:
    explicit PassBins(const Histogram& axis) : m_counts(axis.counts.size() + 2) {
        m_bins.low = below(axis.lo);
        m_bins.high = std::nextafter(-below(-axis.hi), std::numeric_limits<float>::infinity());
        m_bins.count = static_cast<int>(axis.counts.size());
        m_bins.counts = m_counts.data();
    }
    const Bins& bins() const noexcept { return m_bins; }
    void addTo(Histogram& histogram) const {
        histogram.below += static_cast<std::uint64_t>(m_counts.front());
        histogram.above += static_cast<std::uint64_t>(m_counts.back());
        for (std::size_t i = 0; i < histogram.counts.size(); ++i) histogram.counts[i] += static_cast<std::uint64_t>(m_counts[i + 1]);
    }

private:
    static float below(double v) noexcept {  // the largest float <= v
        const float f = float(v);
        return double(f) > v ? std::nextafter(f, -std::numeric_limits<float>::infinity()) : f;
    }
    std::vector<std::int64_t> m_counts;
    Bins m_bins;
};

bool isGrouped(const QuantizedTensor& q) noexcept { return q.grid().perChannel > 1; }

void add(ErrorSums& sums, const WeightSums& pass) noexcept {
    sums.count += pass.count - pass.notFinite;
    sums.xx += pass.value2;
    sums.ee += pass.error2;
    sums.xy += pass.valueDecoded();
    sums.yy += pass.decoded2();
    sums.maximum = std::max(sums.maximum, double(pass.maxError));
}

}  // namespace

std::int64_t passUnit(const QuantizedTensor& q, const MapGrid& grid) noexcept { return isGrouped(q) ? q.grid().size : grid.elementsPerColumn; }

bool passFits(const QuantizedTensor& q, const MapGrid& grid) noexcept {
    constexpr std::int64_t kShortestGroup = 8;  // shorter ones are no work for vectors
    const std::int64_t unit = passUnit(q, grid);
    return codecOf(q.spec).affine && q.spec.bits <= 8 && !isSoft(q.spec) && unit >= kShortestGroup && unit <= kLongestGroup;
}

void measureTileByPass(Isa isa, const QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, const MapGrid& grid, TilePart& part) {
    const GroupGrid groups = q.grid();
    const std::int64_t unit = passUnit(q, grid), perRow = (tile.elements + unit - 1) / unit, all = perRow * tile.channels;
    const CodeRange codes = codeRange(q.spec.bits, q.spec.symmetric, q.spec.narrow);
    std::vector<float> scales, error2(static_cast<std::size_t>(all)), value2(static_cast<std::size_t>(all));
    std::vector<std::int32_t> zeros;
    const float* scale = nullptr;
    const std::int32_t* zero = nullptr;
    if (isGrouped(q)) {
        const std::int64_t first = groups.groupOf(tile.channel, tile.element);
        scale = q.scales.data() + first;
        zero = q.zeroPoints.data() + first;
    } else {  // one scale for many map cells
        for (std::int64_t c = 0; c < tile.channels; ++c) {
            const auto g = static_cast<std::size_t>(groups.groupOf(tile.channel + c, tile.element));
            scales.insert(scales.end(), static_cast<std::size_t>(perRow), q.scales[g]);
            zeros.insert(zeros.end(), static_cast<std::size_t>(perRow), q.zeroPoints[g]);
        }
        scale = scales.data();
        zero = zeros.data();
    }
    PassBins quantized(part.quantized), errors(part.errors);
    WeightPass pass;
    pass.groupSize = unit;
    pass.low = codes.lo;
    pass.high = codes.hi;
    std::vector<std::int64_t> codeCounts(part.codeCounts.empty() ? 0 : static_cast<std::size_t>(codes.hi - codes.lo + 1));
    if (!codeCounts.empty()) pass.codeCounts = codeCounts.data();
    pass.signs = q.spec.symmetric && q.spec.bits == 1;
    if (part.quantized.counts.size() <= kMostBins) pass.decoded = quantized.bins();
    if (part.errors.counts.size() <= kMostBins) pass.errors = errors.bins();
    // Rows of whole groups are one run for the pass; else a row's last group is shorter, and each row is one.
    const std::int64_t runs = tile.elements % unit == 0 ? 1 : tile.channels, runGroups = all / runs;
    for (std::int64_t r = 0; r < runs; ++r) {
        pass.x = x.data() + r * tile.elements;
        pass.count = tile.count() / runs;
        pass.scales = scale + r * runGroups;
        pass.zeroPoints = zero + r * runGroups;
        pass.groupError2 = error2.data() + r * runGroups;
        pass.groupValue2 = value2.data() + r * runGroups;
        const WeightSums sums = weightPass(isa, pass);
        add(part.sums, sums);
        part.clipped += sums.clipped;
    }
    quantized.addTo(part.quantized);
    errors.addTo(part.errors);
    for (std::size_t i = 0; i < codeCounts.size(); ++i) part.codeCounts[i] += static_cast<std::uint64_t>(codeCounts[i]);
    openCells(part, grid, tile);
    part.channels.resize(static_cast<std::size_t>(tile.channels));
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        double* cells = part.cells.data() + ((tile.channel + c) / grid.channelsPerRow - part.firstRow) * grid.columns;
        ChannelPower& power = part.channels[static_cast<std::size_t>(c)];
        for (std::int64_t g = 0; g < perRow; ++g) {
            const auto i = static_cast<std::size_t>(c * perRow + g);
            power.noise += double(error2[i]);
            power.signal += double(value2[i]);
            cells[(tile.element + g * unit) / grid.elementsPerColumn] += double(error2[i]);
        }
    }
}

}  // namespace bitlathe
