#include "core/quant/group_fit.h"

#include "core/base/parallel.h"
#include "core/kernels/value_pass.h"
#include "core/quant/block_rows.h"
#include "core/quant/ranges.h"
#include "core/quant/soft_clip.h"
#include "core/quant/weighted_points.h"

#include <cassert>
#include <cmath>
#include <vector>

namespace bitlathe {

namespace {

void fitOne(const Codec& codec, QuantizedTensor& q, std::int64_t group, std::span<const float> x, ValueRange range,
            std::span<const float> importance = {}, const std::stop_token* stop = nullptr) noexcept {
    GroupParameters parameters = groupParameters(q, group);
    parameters.stop = stop;
    codec.fit(q.spec, x, importance, range, parameters);
    // A group of zeros must not raise the scale that it shares with others.
    if (range.lo == range.hi && isShared(scaleTypeOf(q.spec))) parameters.scale = 0.0f;
    q.scales[static_cast<std::size_t>(group)] = parameters.scale;
    q.zeroPoints[static_cast<std::size_t>(group)] = parameters.zeroPoint;
}

ValueRange holdingZero(ValueRange range) noexcept { return {std::min(range.lo, 0.0f), std::max(range.hi, 0.0f)}; }

// Groups whose parameters follow from their smallest and largest value.
void fitByEnds(const Codec& codec, QuantizedTensor& q, const WeightTile& tile, std::span<const float> x, Isa isa) {
    const std::int64_t size = q.grid().size, perRow = (tile.elements + size - 1) / size;
    std::vector<float> lows(static_cast<std::size_t>(perRow)), highs(lows.size());
    for (std::int64_t c = 0; c < tile.channels; ++c) {
        groupExtremes(isa, x.data() + c * tile.elements, tile.elements, size, lows.data(), highs.data());
        const std::int64_t first = q.grid().groupOf(tile.channel + c, tile.element);
        for (std::size_t g = 0; g < lows.size(); ++g) fitOne(codec, q, first + std::int64_t(g), {}, holdingZero({lows[g], highs[g]}));
    }
}

// Scales as the file will give them back. A zero point follows its scale, so that the range stays.
void storeScales(QuantizedTensor& q) {
    const ScaleType type = scaleTypeOf(q.spec);
    if (!isShared(type)) return;
    const std::vector<float> fitted = q.scales;
    q.shared = shareScales(type, q.scales);
    for (std::size_t g = 0; g < fitted.size(); ++g)
        if (q.zeroPoints[g] != 0 && q.scales[g] > 0) {
            const double moved = std::nearbyint(double(q.zeroPoints[g]) * double(fitted[g]) / double(q.scales[g]));
            q.zeroPoints[g] = std::int32_t(std::min(moved, double((1 << q.spec.bits) - 1)));
        }
}

bool isMinMax(const QuantSpec& spec) noexcept {
    return !codecOf(spec).takesRange || std::holds_alternative<MinMax>(spec.range) || std::holds_alternative<MovingAverage>(spec.range);
}

// Rules that search take longer: their tiles and slices are smaller, so that a stop is heard in time.
std::int64_t sliceFor(const QuantSpec& spec) noexcept {
    if (hasBlockRows(spec)) return 1 << 19;
    if (!codecOf(spec).takesRange && !codecOf(spec).decodesAffine) return 1 << 15;  // the format itself searches
    if (std::holds_alternative<Adaptive>(spec.range) || isSoft(spec)) return 1 << 14;
    if (std::holds_alternative<Entropy>(spec.range)) return 1 << 15;
    if (std::holds_alternative<LeastError>(spec.range)) return codecOf(spec).affine ? 1 << 16 : 1 << 15;
    if (std::holds_alternative<Percentile>(spec.range) || std::holds_alternative<Aciq>(spec.range)) return 1 << 18;
    return kSliceElements;
}

bool chooses(const QuantSpec& spec) noexcept {
    const auto* aciq = std::get_if<Aciq>(&spec.range);
    return codecOf(spec).takesRange && (std::holds_alternative<Adaptive>(spec.range) || (aciq && aciq->shape == Aciq::Shape::Auto));
}

// Groups of so many values are searched one after the other, each in parallel.
constexpr std::int64_t kLongGroup = 1 << 18;

// Many values of a format that sees only weighted points become points in parallel first.
void fitPoints(const Codec& codec, QuantizedTensor& q, std::int64_t group, std::span<const float> x, std::span<const float> importance, Workers& workers,
               JobContext& job) {
    const WeightedPoints points = weightedPoints(x, importance, [&](std::int64_t chunks, const std::function<void(std::int64_t)>& body) {
        workers.forEach(chunks, [&](std::int64_t chunk) {
            if (!job.stopRequested()) body(chunk);
        });
        job.checkpoint(0);
    });
    const std::vector<float> values(points.values.begin(), points.values.end()), weights(points.weights.begin(), points.weights.end());
    const ValueRange range = values.empty() ? ValueRange{} : holdingZero({values.front(), values.back()});
    job.checkpoint(0.5);
    fitOne(codec, q, group, values, range, weights, &job.stopToken());
    job.checkpoint(1.0);
}

// One importance per element of a channel becomes one per value, in the weight's own order.
std::vector<float> spreadOverChannels(std::span<const float> importance, const ChannelLayout& layout) {
    std::vector<float> all;
    if (importance.empty()) return all;
    all.reserve(static_cast<std::size_t>(layout.channels * layout.perChannel()));
    for (std::int64_t o = 0; o < layout.outer; ++o)
        for (std::int64_t c = 0; c < layout.channels; ++c) {
            const auto part = importance.subspan(static_cast<std::size_t>(o * layout.inner), static_cast<std::size_t>(layout.inner));
            all.insert(all.end(), part.begin(), part.end());
        }
    return all;
}

}  // namespace

void forTiles(std::span<const WeightTile> tiles, Workers& workers, JobContext& job, const std::function<void(std::size_t)>& body,
              const std::function<void(std::size_t, std::size_t)>& after, std::int64_t slice) {
    for (std::size_t begin = 0; begin < tiles.size();) {
        std::size_t end = begin;
        for (std::int64_t count = 0; end < tiles.size() && count < slice; ++end) count += tiles[end].count();
        workers.forEach(static_cast<std::int64_t>(end - begin), [&](std::int64_t i) {
            if (!job.stopRequested()) body(begin + static_cast<std::size_t>(i));
        });
        if (after && !job.stopRequested()) after(begin, end);
        begin = end;
        job.checkpoint(double(begin) / double(tiles.size()));
    }
}

GroupParameters groupParameters(const QuantizedTensor& q, std::int64_t group) noexcept {
    const auto g = static_cast<std::size_t>(group);
    const auto width = q.scales.empty() ? 0 : q.inner.size() / q.scales.size();
    // The codec reads inner when it codes and writes it when it fits; only the owner of q fits.
    auto* inner = const_cast<std::byte*>(q.inner.data());
    return {q.scales[g], q.zeroPoints[g], {inner + g * width, width}};
}

void fitGroups(std::span<const float> values, QuantizedTensor& q, Workers& workers, JobContext& job, const KnownEnds* ends, Isa isa,
               std::span<const float> importance) {
    assert(importance.empty() || static_cast<std::int64_t>(importance.size()) == q.layout.perChannel());
    const Codec& codec = codecOf(q.spec);
    const GroupGrid grid = q.grid();
    const auto groups = static_cast<std::size_t>(grid.groups);
    q.scales.assign(groups, 1.0f);
    q.zeroPoints.assign(groups, 0);
    q.inner.assign(groups * static_cast<std::size_t>(codec.innerBytes(q.spec)), std::byte{0});
    q.taken.assign(chooses(q.spec) ? groups : 0, RangeChoice::kNone);
    if (groups == 0) return;
    const auto keep = [&](std::int64_t group, const RangeChoice& choice) {
        if (!q.taken.empty()) q.taken[static_cast<std::size_t>(group)] = choice.taken;
        return choice.range;
    };
    if (grid.perChannel == 0) {
        const std::vector<float> weights = spreadOverChannels(importance, q.layout);
        if (codec.fitsPoints && static_cast<std::int64_t>(values.size()) >= kLongGroup) {
            fitPoints(codec, q, 0, values, weights, workers, job);
            storeScales(q);
            return;
        }
        fitOne(codec, q, 0, values,
               ends && isMinMax(q.spec) ? holdingZero(ends->tensor) : keep(0, chooseRange(values, q.spec, workers, job, weights, isa)), weights, &job.stopToken());
        storeScales(q);
        job.checkpoint(1.0);
        return;
    }
    if (ends && isMinMax(q.spec) && grid.perChannel == 1 && !codec.fitNeedsValues(q.spec)) {
        for (std::size_t g = 0; g < groups; ++g) fitOne(codec, q, static_cast<std::int64_t>(g), {}, holdingZero(ends->channels[g]));
        storeScales(q);
        job.checkpoint(1.0);
        return;
    }
    // Whether the ends of a group are all there is to fit: many groups at a time, then.
    const bool byEnds = isMinMax(q.spec) && !chooses(q.spec) && !codec.fitNeedsValues(q.spec);
    // Whole groups are needed, so a long channel is not cut here.
    const std::int64_t slice = sliceFor(q.spec);
    const auto tiles = weightTiles(q.layout, grid.size, std::min<std::int64_t>(kTileElements, slice / 4));
    const auto fitTile = [&](std::size_t t, auto&& choose) {
        std::vector<float> scratch;
        const auto part = tileValues(values, q.layout, tiles[t], scratch, isa);
        if (hasBlockRows(q.spec)) return fitBlocks(isa, q, tiles[t], part, importance);
        if (byEnds) return fitByEnds(codec, q, tiles[t], part, isa);
        forGroupPieces(grid, tiles[t], [&](std::int64_t group, std::size_t at, std::size_t length) {
            const auto x = part.subspan(at, length);
            const auto element = static_cast<std::size_t>(tiles[t].element) + at % static_cast<std::size_t>(tiles[t].elements);
            const auto weights = importance.empty() ? importance : importance.subspan(element, length);
            fitOne(codec, q, group, x, keep(group, choose(x, weights)), weights, &job.stopToken());
        });
    };
    if (grid.size >= kLongGroup) {
        for (std::size_t t = 0; t < tiles.size(); ++t) {
            fitTile(t, [&](std::span<const float> x, std::span<const float> weights) { return chooseRange(x, q.spec, workers, job, weights, isa); });
            job.checkpoint(double(t + 1) / double(tiles.size()));
        }
    } else {
        forTiles(tiles, workers, job, [&](std::size_t t) {
            fitTile(t, [&](std::span<const float> x, std::span<const float> weights) { return chooseRange(x, q.spec, weights, isa); });
        }, {}, slice);
    }
    storeScales(q);
}

}  // namespace bitlathe
