#include "core/workflow/layer_facts.h"

#include "core/base/job.h"
#include "core/quant/group_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::size_t kLanes = 8;
constexpr float kLargest = std::numeric_limits<float>::max();

struct Moments {
    std::int64_t finite = 0, zeros = 0;
    float min = kLargest, max = -kLargest;
    double sum = 0, squares = 0;
};

void add(Moments& m, std::span<const float> x) noexcept {
    double sum[kLanes] = {}, squares[kLanes] = {};
    float lo[kLanes], hi[kLanes];
    std::int32_t finite[kLanes] = {}, zeros[kLanes] = {};
    std::fill_n(lo, kLanes, kLargest);
    std::fill_n(hi, kLanes, -kLargest);
    const auto one = [&](std::size_t i, std::size_t lane) {
        const bool ok = x[i] - x[i] == 0.0f;
        const float v = ok ? x[i] : 0.0f, low = ok ? v : kLargest, high = ok ? v : -kLargest;
        sum[lane] += double(v);
        squares[lane] += double(v) * double(v);
        lo[lane] = low < lo[lane] ? low : lo[lane];
        hi[lane] = high > hi[lane] ? high : hi[lane];
        finite[lane] += ok;
        zeros[lane] += x[i] == 0.0f;
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(i + lane, lane);
    for (std::size_t i = whole; i < x.size(); ++i) one(i, i - whole);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        m.sum += sum[lane];
        m.squares += squares[lane];
        m.min = std::min(m.min, lo[lane]);
        m.max = std::max(m.max, hi[lane]);
        m.finite += finite[lane];
        m.zeros += zeros[lane];
    }
}

void combine(Moments& m, const Moments& later) noexcept {
    m.finite += later.finite;
    m.zeros += later.zeros;
    m.min = std::min(m.min, later.min);
    m.max = std::max(m.max, later.max);
    m.sum += later.sum;
    m.squares += later.squares;
}

double meanOf(const Moments& m) noexcept { return m.finite ? m.sum / double(m.finite) : 0.0; }
// Double sums of float squares: cancellation costs about 1e-16 of the mean square, which does not show.
double deviationOf(const Moments& m) noexcept {
    if (m.finite == 0) return 0.0;
    const double mean = meanOf(m);
    return m.min == m.max ? 0.0 : std::sqrt(std::max(0.0, m.squares / double(m.finite) - mean * mean));
}

Histogram axisOf(const WeightStatistics& s) {
    Histogram histogram{s.min, s.max, std::vector<std::uint64_t>(LayerFacts::kBins), 0, 0};
    if (s.min == s.max) {
        const double around = s.min == 0 ? 1.0 : std::fabs(s.min) / 2;
        histogram.lo -= around;
        histogram.hi += around;
    }
    return histogram;
}

}  // namespace

LayerFacts layerFacts(std::span<const float> values, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job) {
    const auto tiles = weightTiles(layout, 1);
    std::vector<std::vector<Moments>> parts(tiles.size());  // by tile, then by its channels
    JobContext first = job.part(0, 0.5), second = job.part(0.5, 1);
    forTiles(tiles, workers, first, [&](std::size_t t) {
        std::vector<float> scratch;
        const auto x = tileValues(values, layout, tiles[t], scratch, isa);
        const auto each = static_cast<std::size_t>(tiles[t].elements);
        parts[t].resize(static_cast<std::size_t>(tiles[t].channels));
        for (std::size_t c = 0; c < parts[t].size(); ++c) add(parts[t][c], x.subspan(c * each, each));
    });
    std::vector<Moments> channels(tiles.empty() ? 0 : static_cast<std::size_t>(layout.channels));
    Moments all;
    for (std::size_t t = 0; t < tiles.size(); ++t)
        for (std::size_t c = 0; c < parts[t].size(); ++c) combine(channels[static_cast<std::size_t>(tiles[t].channel) + c], parts[t][c]);
    LayerFacts facts;
    for (const Moments& m : channels) {
        combine(all, m);
        facts.channels.push_back(m.finite ? ChannelFacts{m.min, m.max, float(meanOf(m)), float(deviationOf(m))} : ChannelFacts{});
    }
    auto& s = facts.statistics;
    s.count = static_cast<std::int64_t>(values.size());
    s.notFinite = s.count - all.finite;
    s.zeros = all.zeros;
    if (all.finite) s.min = all.min, s.max = all.max, s.mean = meanOf(all), s.deviation = deviationOf(all);

    facts.histogram = axisOf(s);
    std::vector<Histogram> counted(tiles.size());  // emptied after each slice
    forTiles(tiles, workers, second, [&](std::size_t t) {
        std::vector<float> scratch;
        counted[t] = {facts.histogram.lo, facts.histogram.hi, std::vector<std::uint64_t>(LayerFacts::kBins), 0, 0};
        addTo(counted[t], tileValues(values, layout, tiles[t], scratch, isa));
    }, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            for (std::size_t i = 0; i < counted[t].counts.size(); ++i) facts.histogram.counts[i] += counted[t].counts[i];
            counted[t] = {};
        }
    });
    return facts;
}

}  // namespace bitlathe
