#include "core/workflow/layer_report_parts.h"

#include "core/base/job.h"
#include "core/metrics/divergence.h"
#include "core/quant/adaptive_range.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/workflow/layer_measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr int kErrorBins = 256;

// What the fitted parameters can represent.
struct Grid {
    double lo = 0, hi = 0;        // widest over all groups
    double halfGap = 0;           // half the widest gap between neighbouring levels
    double halfStep = 0.5;        // the same, in scales
    std::int64_t median = 0;      // the group with the median scale
    std::vector<ValueRange> byChannel;
};

Grid gridOf(const QuantizedTensor& q) {
    Grid grid;
    const auto groups = static_cast<std::int64_t>(q.scales.size());
    if (groups == 0) return grid;
    const Codec& codec = codecOf(q.spec);
    const GroupGrid where = q.grid();
    grid.byChannel.resize(static_cast<std::size_t>(q.layout.channels));
    for (std::int64_t g = 0; g < groups; ++g) {
        const ValueRange ends = codec.representable(q.spec, groupParameters(q, g));
        grid.lo = std::min(grid.lo, double(ends.lo));
        grid.hi = std::max(grid.hi, double(ends.hi));
        if (where.perChannel == 0) {
            std::fill(grid.byChannel.begin(), grid.byChannel.end(), ends);
        } else {
            ValueRange& channel = grid.byChannel[static_cast<std::size_t>(g / where.perChannel)];
            channel = {std::min(channel.lo, ends.lo), std::max(channel.hi, ends.hi)};
        }
    }
    std::vector<std::int64_t> order(static_cast<std::size_t>(groups));
    for (std::size_t g = 0; g < order.size(); ++g) order[g] = static_cast<std::int64_t>(g);
    const auto byScale = [&](std::int64_t a, std::int64_t b) {
        const float x = q.scales[static_cast<std::size_t>(a)], y = q.scales[static_cast<std::size_t>(b)];
        return x != y ? x < y : a < b;
    };
    const auto median = order.begin() + groups / 2;
    std::nth_element(order.begin(), median, order.end(), byScale);
    grid.median = *median;
    const std::int64_t widest = *std::max_element(order.begin(), order.end(), byScale);
    const auto levels = codec.levels(q.spec, groupParameters(q, widest));
    for (std::size_t i = 1; i < levels.size(); ++i) grid.halfGap = std::max(grid.halfGap, (double(levels[i]) - double(levels[i - 1])) / 2);
    const double scale = double(q.scales[static_cast<std::size_t>(widest)]);
    if (scale > 0) grid.halfStep = grid.halfGap / scale;
    if (codec.affine && q.spec.symmetric && q.spec.bits == 1) grid.halfStep = 0;  // a sign clips nothing
    return grid;
}

// Bins of the facts' histogram added at both ends, so that every x̂ finds its place.
Histogram widened(const Histogram& weights, const WeightStatistics& s, const Grid& grid) {
    const double width = weights.binWidth();
    const auto bins = static_cast<double>(weights.counts.size());
    const double lo = std::max(grid.lo, s.min - grid.halfGap), hi = std::min(grid.hi, s.max + grid.halfGap);
    const auto below = static_cast<std::size_t>(std::clamp(std::ceil((weights.lo - lo) / width), 0.0, bins));
    const auto above = static_cast<std::size_t>(std::clamp(std::ceil((hi - weights.hi) / width), 0.0, bins));
    Histogram result = weights;
    result.counts.insert(result.counts.begin(), below, 0);
    result.counts.insert(result.counts.end(), above, 0);
    result.lo -= double(below) * width;
    result.hi += double(above) * width;
    return result;
}

Histogram emptied(Histogram histogram) {
    std::fill(histogram.counts.begin(), histogram.counts.end(), 0);
    histogram.below = histogram.above = 0;
    return histogram;
}

std::string counted(std::int64_t n, const char* one, const char* many) { return std::to_string(n) + " " + (n == 1 ? one : many); }

std::string noteOf(const LayerFacts& facts, bool quantized) {
    const WeightStatistics& s = facts.statistics;
    if (s.count == 0) return "empty: nothing to quantize";
    std::string note;
    const auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
    if (s.notFinite > 0)
        add(counted(s.notFinite, "weight is", "weights are") + " NaN or infinite" + (quantized ? ": NaN is coded as 0, infinity as the nearest end" : ""));
    if (s.notFinite == s.count) return note;
    if (s.min == s.max) {
        add(s.min == 0 ? "all weights are 0" : "all weights are equal");
    } else {
        const auto zero = std::count_if(facts.channels.begin(), facts.channels.end(), [](const ChannelFacts& c) { return c.min == 0 && c.max == 0; });
        if (zero > 0) add(counted(zero, "channel holds", "channels hold") + " only zeros");
    }
    return note;
}

KnownEnds endsOf(const LayerFacts& facts) {
    KnownEnds ends{{float(facts.statistics.min), float(facts.statistics.max)}, {}};
    for (const ChannelFacts& c : facts.channels) ends.channels.push_back({c.min, c.max});
    return ends;
}

void fillFloat(LayerReport& report, const WeightSource& source, const LayerFacts& facts) {
    report.error.sqnrDb = std::numeric_limits<double>::infinity();
    report.bytesAfter = report.bytesBefore;
    report.bitsPerWeight = facts.statistics.count ? 8.0 * double(report.bytesBefore) / double(facts.statistics.count) : 0.0;
    report.weights = report.quantized = facts.histogram;
    report.errors = {-1, 1, std::vector<std::uint64_t>(kErrorBins), 0, 0};
    report.errors.counts[kErrorBins / 2] = static_cast<std::uint64_t>(facts.statistics.count - facts.statistics.notFinite);
    report.clipLo = facts.statistics.min;
    report.clipHi = facts.statistics.max;
    for (const ChannelFacts& c : facts.channels)
        report.channels.push_back({c.min, c.max, c.mean, c.deviation, c.min, c.max, std::numeric_limits<float>::infinity()});
    const MapGrid grid = mapGrid(source.layout, QuantSpec{});
    report.map = {grid.rows, grid.columns, grid.channelsPerRow, grid.elementsPerColumn,
                  std::vector<float>(static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.columns))};
}

}  // namespace

LayerReport exactReport(const WeightSource& source, const Scheme& scheme, const LayerFacts& facts, Isa isa, Workers& workers, JobContext& job) {
    LayerReport report;
    report.layer = source.layer;
    report.scheme = scheme;
    report.doneFraction = 1.0;
    report.statistics = facts.statistics;
    report.bytesBefore = source.bytesBefore;
    report.note = noteOf(facts, scheme.weights.has_value());
    if (!scheme.weights) {
        fillFloat(report, source, facts);
        return report;
    }
    QuantizedTensor q;
    q.spec = *scheme.weights;
    q.layout = source.layout;
    const auto values = source.values.as<float>();
    JobContext fitting = job.part(0, 0.3), measuring = job.part(0.3, 1);
    const KnownEnds ends = endsOf(facts);
    fitGroups(values, q, workers, fitting, &ends, isa, source.columns());
    if (source.importance && (codecOf(q.spec).blockBytes > 0 || std::holds_alternative<LeastError>(q.spec.range)))
        report.note += (report.note.empty() ? "" : "; ") + std::string("fitted by the importance of its columns");
    if (!q.taken.empty()) {
        const bool tensor = q.grid().perChannel == 0;
        const std::string taken = takenText(q.taken, tensor ? "tensor" : q.grid().perChannel == 1 ? "channels" : "groups");
        report.note += (report.note.empty() ? "" : "; ") + ("range: " + taken);
    }
    const Grid grid = gridOf(q);
    report.weights = widened(facts.histogram, facts.statistics, grid);
    const double reach = grid.halfGap > 0 ? grid.halfGap * (1 + 1e-6) : 1.0;
    const Histogram errorAxis{-reach, reach, std::vector<std::uint64_t>(kErrorBins), 0, 0};
    Measured m = measure({values, q, emptied(report.weights), errorAxis, grid.halfStep, facts.statistics.notFinite == 0, isa, true}, workers, measuring);
    report.error = figuresOf(m.sums, m.clipped);
    report.clipLo = grid.lo;
    report.clipHi = grid.hi;
    if (!q.scales.empty()) report.transfer = transferCurve(values, q, grid.median, {float(facts.statistics.min), float(facts.statistics.max)});
    report.scales = static_cast<std::int64_t>(q.scales.size());
    report.bytesAfter = storedBytes(source.layout, q.spec);
    report.bitsPerWeight = bitsPerWeight(source.layout, q.spec);
    report.quantized = std::move(m.quantized);
    report.errors = std::move(m.errors);
    report.error.klDivergence = divergence(report.weights, report.quantized);
    report.entropy = codeEntropy(m.codeCounts, source.layout, q.spec);
    for (std::size_t c = 0; c < facts.channels.size(); ++c) {
        const ChannelFacts& f = facts.channels[c];
        report.channels.push_back({f.min, f.max, f.mean, f.deviation, grid.byChannel[c].lo, grid.byChannel[c].hi, float(decibels(m.channels[c].signal, m.channels[c].noise))});
    }
    const MapGrid cells = mapGrid(source.layout, q.spec);
    report.map = {cells.rows, cells.columns, cells.channelsPerRow, cells.elementsPerColumn, std::move(m.map)};
    return report;
}

}  // namespace bitlathe
