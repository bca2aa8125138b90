#include "core/workflow/layer_facts.h"

#include "core/base/job.h"
#include "core/kernels/convert_rows.h"
#include "core/kernels/value_pass.h"
#include "core/quant/group_fit.h"
#include "core/workflow/pass_bins.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

namespace bitlathe {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

struct Moments {
    std::int64_t finite = 0, zeros = 0;
    float min = kLargest, max = -kLargest;
    double sum = 0, squares = 0;
};

void add(Moments& m, Isa isa, std::span<const float> x) noexcept {
    const ValueSums sums = valuePass(isa, x.data(), static_cast<std::int64_t>(x.size()));
    if (sums.finite() == 0) return;
    m.finite += sums.finite();
    m.zeros += sums.zeros;
    m.min = std::min(m.min, sums.min);
    m.max = std::max(m.max, sums.max);
    m.sum += sums.sum;
    m.squares += sums.squares;
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
// Σ(x − mean)², from the sums. The pass squares in float32, so this is good to about 1e-7 of the mean square.
double spreadOf(const Moments& m) noexcept {
    return m.finite == 0 || m.min == m.max ? 0.0 : std::max(0.0, m.squares - m.sum * meanOf(m));
}
// Where the mean is much larger than the deviation, the sums cancel: the values must be looked at again.
bool cancels(const Moments& m) noexcept { return m.finite > 0 && m.min != m.max && spreadOf(m) < 1e-3 * m.squares; }

double spreadAround(std::span<const float> x, double mean) noexcept {
    double sum = 0;
    for (const float v : x)
        if (v - v == 0.0f) sum += (double(v) - mean) * (double(v) - mean);
    return sum;
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

// The values of a tile, channels × elements; into scratch where they do not lie so.
using TileReader = std::function<std::span<const float>(const WeightTile&, std::vector<float>& scratch)>;
// `count` values from `begin` on, as they lie.
using RunReader = std::function<std::span<const float>(std::int64_t begin, std::int64_t count, std::vector<float>& scratch)>;
struct Reading {
    TileReader tile;
    RunReader run;
};

// Σ(x − mean)² of each channel.
std::vector<double> spreadsOf(const TileReader& read, std::span<const WeightTile> tiles, const std::vector<Moments>& channels, Workers& workers, JobContext& job) {
    std::vector<double> spreads(channels.size());
    for (std::size_t c = 0; c < channels.size(); ++c) spreads[c] = spreadOf(channels[c]);
    if (std::none_of(channels.begin(), channels.end(), cancels)) return spreads;
    std::vector<std::vector<double>> parts(tiles.size());
    forTiles(tiles, workers, job, [&](std::size_t t) {
        const auto first = static_cast<std::size_t>(tiles[t].channel), each = static_cast<std::size_t>(tiles[t].elements);
        parts[t].resize(static_cast<std::size_t>(tiles[t].channels));
        std::vector<float> scratch;
        std::span<const float> x;
        for (std::size_t c = 0; c < parts[t].size(); ++c) {
            if (!cancels(channels[first + c])) continue;
            if (x.empty()) x = read(tiles[t], scratch);
            parts[t][c] = spreadAround(x.subspan(c * each, each), meanOf(channels[first + c]));
        }
    });
    for (std::size_t c = 0; c < channels.size(); ++c)
        if (cancels(channels[c])) spreads[c] = 0;
    for (std::size_t t = 0; t < tiles.size(); ++t)
        for (std::size_t c = 0; c < parts[t].size(); ++c) {
            const std::size_t channel = static_cast<std::size_t>(tiles[t].channel) + c;
            if (cancels(channels[channel])) spreads[channel] += parts[t][c];
        }
    return spreads;
}

// Counts do not depend on the order of the values, so memory is read as it lies.
Histogram countedOver(Histogram axis, const RunReader& read, std::int64_t count, Isa isa, Workers& workers, JobContext& job) {
    const std::vector<WeightTile> runs = weightTiles({1, 1, count}, 1);
    std::vector<std::unique_ptr<PassBins>> counted(runs.size());  // emptied after each slice
    const Histogram empty = axis;
    forTiles(runs, workers, job, [&](std::size_t t) {
        std::vector<float> scratch;
        counted[t] = std::make_unique<PassBins>(empty);
        const auto x = read(runs[t].element, runs[t].elements, scratch);
        histogramPass(isa, x.data(), runs[t].elements, false, counted[t]->bins());
    }, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            counted[t]->addTo(axis);
            counted[t].reset();
        }
    });
    return axis;
}

// Moments of columns over some rows: [K, N] read as it lies. Sums of a block's rows are float32, as the pass's are.
struct ColumnMoments {
    explicit ColumnMoments(std::size_t columns) : sum(columns), squares(columns), min(columns, kLargest), max(columns, -kLargest), finite(columns), zeros(columns) {}
    void add(const float* x) noexcept {
        const std::size_t columns = sum.size();
        float *s = sum.data(), *q = squares.data(), *lo = min.data(), *hi = max.data();
        std::int32_t *f = finite.data(), *z = zeros.data();
        // Without branches, so that the loop becomes one of vectors.
        constexpr std::uint32_t kTop = 0x7F800000u;
        constexpr auto largest = std::bit_cast<std::uint32_t>(kLargest), least = std::bit_cast<std::uint32_t>(-kLargest);
        for (std::size_t c = 0; c < columns; ++c) {
            const auto bits = std::bit_cast<std::uint32_t>(x[c]);
            const std::uint32_t ok = (bits & kTop) == kTop ? 0u : ~0u;  // all ones where finite
            const auto v = std::bit_cast<float>(bits & ok), low = std::bit_cast<float>((bits & ok) | (largest & ~ok)), high = std::bit_cast<float>((bits & ok) | (least & ~ok));
            s[c] += v;
            q[c] += v * v;
            lo[c] = low < lo[c] ? low : lo[c];
            hi[c] = high > hi[c] ? high : hi[c];
            f[c] -= static_cast<std::int32_t>(ok);
            z[c] += (bits << 1) == 0 ? 1 : 0;
        }
    }
    Moments of(std::size_t c) const noexcept { return {finite[c], zeros[c], min[c] + 0.0f, max[c] + 0.0f, double(sum[c]), double(squares[c])}; }
    std::vector<float> sum, squares, min, max;
    std::vector<std::int32_t> finite, zeros;
};

std::vector<Moments> momentsOfColumns(const RunReader& read, const ChannelLayout& layout, Workers& workers, JobContext& job) {
    const std::int64_t rows = std::clamp<std::int64_t>(kTileElements / std::max<std::int64_t>(layout.channels, 1), 32, 256);
    std::vector<Moments> channels(static_cast<std::size_t>(layout.channels));
    std::vector<WeightTile> blocks;  // of rows: elements, over all channels
    for (std::int64_t row = 0; row < layout.outer; row += rows) blocks.push_back({0, layout.channels, row, std::min(rows, layout.outer - row)});
    std::vector<std::unique_ptr<ColumnMoments>> parts(blocks.size());  // emptied after each slice
    forTiles(blocks, workers, job, [&](std::size_t b) {
        parts[b] = std::make_unique<ColumnMoments>(channels.size());
        std::vector<float> scratch;
        const auto x = read(blocks[b].element * layout.channels, blocks[b].count(), scratch);
        for (std::int64_t row = 0; row < blocks[b].elements; ++row) parts[b]->add(x.data() + row * layout.channels);
    }, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b) {
            for (std::size_t c = 0; c < channels.size(); ++c) combine(channels[c], parts[b]->of(c));
            parts[b].reset();
        }
    });
    return channels;
}

std::vector<Moments> momentsOfTiles(const TileReader& read, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job) {
    const auto tiles = weightTiles(layout, 1);
    std::vector<std::vector<Moments>> parts(tiles.size());
    forTiles(tiles, workers, job, [&](std::size_t t) {
        std::vector<float> scratch;
        const auto x = read(tiles[t], scratch);
        const auto each = static_cast<std::size_t>(tiles[t].elements);
        parts[t].resize(static_cast<std::size_t>(tiles[t].channels));
        for (std::size_t c = 0; c < parts[t].size(); ++c) add(parts[t][c], isa, x.subspan(c * each, each));
    });
    std::vector<Moments> channels(tiles.empty() ? 0 : static_cast<std::size_t>(layout.channels));
    for (std::size_t t = 0; t < tiles.size(); ++t)
        for (std::size_t c = 0; c < parts[t].size(); ++c) combine(channels[static_cast<std::size_t>(tiles[t].channel) + c], parts[t][c]);
    return channels;
}

LayerFacts factsOf(const Reading& read, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job) {
    JobContext first = job.part(0, 0.5), second = job.part(0.5, 1);
    const bool columns = layout.outer > 1 && layout.inner == 1;
    const std::vector<Moments> channels = columns ? momentsOfColumns(read.run, layout, workers, first) : momentsOfTiles(read.tile, layout, isa, workers, first);
    const auto tiles = weightTiles(layout, 1);
    const std::vector<double> spreads = spreadsOf(read.tile, tiles, channels, workers, second);
    LayerFacts facts;
    Moments all;
    for (std::size_t c = 0; c < channels.size(); ++c) {
        const Moments& m = channels[c];
        combine(all, m);
        facts.channels.push_back(m.finite ? ChannelFacts{m.min, m.max, float(meanOf(m)), float(std::sqrt(spreads[c] / double(m.finite)))} : ChannelFacts{});
    }
    auto& s = facts.statistics;
    s.count = layout.channels * layout.perChannel();
    s.notFinite = s.count - all.finite;
    s.zeros = all.zeros;
    if (all.finite) {
        s.min = all.min, s.max = all.max, s.mean = meanOf(all);
        double spread = 0;  // within the channels and between their means
        for (std::size_t c = 0; c < channels.size(); ++c) {
            const double apart = meanOf(channels[c]) - s.mean;
            spread += spreads[c] + double(channels[c].finite) * apart * apart;
        }
        s.deviation = s.min == s.max ? 0.0 : std::sqrt(spread / double(all.finite));
    }
    facts.histogram = countedOver(axisOf(s), read.run, s.count, isa, workers, second);
    return facts;
}

}  // namespace

LayerFacts layerFacts(std::span<const float> values, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job) {
    const Reading read{[&](const WeightTile& tile, std::vector<float>& scratch) { return tileValues(values, layout, tile, scratch, isa); },
                       [&](std::int64_t begin, std::int64_t count, std::vector<float>&) { return values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)); }};
    return factsOf(read, layout, isa, workers, job);
}

bool hasStoredFacts(const Tensor& stored, const ChannelLayout& layout) noexcept {
    return stored.type() == ElementType::F32 || (layout.outer == 1 && (stored.type() == ElementType::F16 || stored.type() == ElementType::BF16));
}

LayerFacts storedFacts(const Tensor& stored, const ChannelLayout& layout, Isa isa, Workers& workers, JobContext& job) {
    assert(hasStoredFacts(stored, layout));
    if (stored.type() == ElementType::F32) return layerFacts(stored.as<float>(), layout, isa, workers, job);
    const std::uint16_t* halves = stored.as<std::uint16_t>().data();
    const auto widen = stored.type() == ElementType::BF16 ? floatsFromBfloats : floatsFromHalves;
    const RunReader run = [&](std::int64_t begin, std::int64_t count, std::vector<float>& scratch) -> std::span<const float> {
        scratch.resize(static_cast<std::size_t>(count));
        widen(isa, halves + begin, count, scratch.data());
        return scratch;
    };
    const Reading read{[&](const WeightTile& tile, std::vector<float>& scratch) { return run(tile.channel * layout.inner + tile.element, tile.count(), scratch); }, run};
    return factsOf(read, layout, isa, workers, job);
}

}  // namespace bitlathe
