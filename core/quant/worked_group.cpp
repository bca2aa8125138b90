#include "core/quant/worked_group.h"

#include "core/base/job.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr std::int64_t kMostValues = 1 << 16;

// A weight of one channel, where nothing is shared with other channels.
std::vector<float> channelOf(std::span<const float> values, const ChannelLayout& layout, std::int64_t channel) {
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(layout.perChannel()));
    for (std::int64_t o = 0; o < layout.outer; ++o) {
        const auto from = values.begin() + (o * layout.channels + channel) * layout.inner;
        out.insert(out.end(), from, from + layout.inner);
    }
    return out;
}

// Every n-th value, so that at most kMostValues are left.
std::vector<float> thinned(std::span<const float> x) {
    const std::size_t step = std::max<std::size_t>(1, (x.size() + kMostValues - 1) / std::size_t(kMostValues));
    std::vector<float> out;
    out.reserve(x.size() / step + 1);
    for (std::size_t i = 0; i < x.size(); i += step) out.push_back(x[i]);
    return out;
}

double decibels(double signal, double noise) {
    return noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
}

// Of all values, however many.
void fillSpread(WorkedGroup& g, std::span<const float> x, JobContext& job) {
    constexpr std::size_t kSlice = 1 << 20;
    double sum = 0, squares = 0;
    g.count = 0;
    for (std::size_t at = 0; at < x.size(); at += kSlice) {
        job.checkpoint(0.8);
        for (const float v : x.subspan(at, std::min(kSlice, x.size() - at))) {
            if (!std::isfinite(v)) continue;
            g.lo = g.count ? std::min(g.lo, v) : v;
            g.hi = g.count ? std::max(g.hi, v) : v;
            ++g.count;
            sum += double(v);
            squares += double(v) * double(v);
        }
    }
    if (g.count == 0) return;
    const double mean = sum / double(g.count);
    g.deviation = std::sqrt(std::max(squares / double(g.count) - mean * mean, 0.0));
    if (g.deviation > 0) g.farthest = std::max(double(g.hi) - mean, mean - double(g.lo)) / g.deviation;
}

void fillFigures(WorkedGroup& g) {
    if (g.count == 0) return;
    const std::vector<float>& levels = g.curve.levels;
    const std::size_t n = levels.size();
    const double low = n > 1 ? double(levels[0]) - (double(levels[1]) - double(levels[0])) / 2 : -INFINITY;
    const double high = n > 1 ? double(levels[n - 1]) + (double(levels[n - 1]) - double(levels[n - 2])) / 2 : INFINITY;
    double signal = 0, noise = 0, beyondNoise = 0;
    std::int64_t beyond = 0, notZero = 0, becameZero = 0;
    std::vector<float> sorted, taken = g.back;
    for (std::size_t i = 0; i < g.x.size(); ++i) {
        if (!std::isfinite(g.x[i])) continue;
        const double x = double(g.x[i]), e = x - double(g.back[i]);
        signal += x * x;
        noise += e * e;
        sorted.push_back(g.x[i]);
        if (x < low || x > high) {
            ++beyond;
            beyondNoise += e * e;
        }
        if (x != 0) {
            ++notZero;
            becameZero += g.back[i] == 0.0f;
        }
    }
    g.sqnrDb = decibels(signal, noise);
    if (sorted.empty()) return;
    g.clipped = double(beyond) / double(sorted.size());
    g.clippedError = noise > 0 ? beyondNoise / noise : 0;
    g.toZero = notZero > 0 ? double(becameZero) / double(notZero) : 0;
    std::sort(taken.begin(), taken.end());
    g.used = std::unique(taken.begin(), taken.end()) - taken.begin();
    std::sort(sorted.begin(), sorted.end());
    const auto cut = std::size_t(double(sorted.size()) * 0.005);
    const float ends[2] = {sorted[cut], sorted[sorted.size() - 1 - cut]};
    float reached[2] = {};
    roundTrip(g.q, g.local, std::max(g.curve.part, 0), ends, reached);
    const auto indexOf = [&](float level) { return std::lower_bound(levels.begin(), levels.end(), level) - levels.begin(); };
    g.usedInside = std::abs(indexOf(reached[1]) - indexOf(reached[0])) + 1;
}

}  // namespace

WorkedGroup workedGroup(std::span<const float> values, const ChannelLayout& layout, const QuantSpec& spec, std::optional<std::int64_t> index,
                        std::optional<std::int64_t> group, Workers& workers, JobContext& job) {
    const Codec& codec = codecOf(spec);
    const GroupGrid grid = groupGrid(layout, spec);
    std::int64_t element = 0, channel = 0;
    if (index) {
        channel = *index / layout.inner % layout.channels;
        element = *index / (layout.inner * layout.channels) * layout.inner + *index % layout.inner;
        group = grid.groupOf(channel, element);
    } else {
        group = std::clamp<std::int64_t>(group.value_or(grid.groups / 2), 0, grid.groups - 1);
        if (grid.perChannel > 0) channel = *group / grid.perChannel;
    }
    WorkedGroup g;
    g.q.spec = spec;
    g.local = *group;
    std::vector<float> one;
    const bool alone = grid.perChannel > 0 && !isShared(scaleTypeOf(spec));
    g.q.layout = alone ? ChannelLayout{1, 1, layout.perChannel()} : layout;
    if (alone) {
        one = channelOf(values, layout, channel);
        values = one;
        g.local = *group % grid.perChannel;
    }
    JobContext fitting = job.part(0, 0.8);
    fitGroups(values, g.q, workers, fitting);
    const bool parts = codec.partSize > 0 && codec.partSize < codec.blockSize;
    const int part = index && parts ? int(element % grid.size / codec.partSize) : -1;
    // A group that is the tensor may be as large as memory: it is not copied.
    std::vector<float> copied;
    if (grid.perChannel > 0) copied = groupValues(values, g.q, g.local);
    std::span<const float> own = grid.perChannel > 0 ? std::span<const float>(copied) : values;
    g.whole = thinned(own);
    fillSpread(g, own, job);
    if (g.whole.size() < own.size()) g.whole.push_back(std::fabs(g.lo) > std::fabs(g.hi) ? g.lo : g.hi);
    g.curve = transferCurve(values, g.q, g.local, {g.lo, g.hi}, part);
    if (g.curve.channel >= 0) g.curve.channel = channel;
    g.curve.group = *group;
    if (g.curve.part >= 0) {
        own = own.subspan(std::size_t(g.curve.part) * std::size_t(codec.partSize), std::size_t(g.curve.length));
        fillSpread(g, own, job);
    }
    g.x = thinned(own);
    g.sampled = g.x.size() < own.size();
    g.back.resize(g.x.size());
    g.codes.resize(g.x.size());
    roundTripTogether(g.q, g.local, std::max(g.curve.part, 0), g.x, g.back, g.codes);
    fillFigures(g);
    job.checkpoint(0.9);
    return g;
}

std::optional<OutlierTrial> outlierTrial(const WorkedGroup& group, Workers& workers, JobContext& job) {
    constexpr std::size_t kMost = 1 << 12;
    std::vector<float> x;
    const std::size_t step = std::max<std::size_t>(1, group.whole.size() / kMost);
    for (std::size_t i = 0; i < group.whole.size(); i += step)
        if (std::isfinite(group.whole[i])) x.push_back(group.whole[i]);
    const auto largest = std::max_element(group.whole.begin(), group.whole.end(), [](float a, float b) { return (std::isfinite(a) ? std::fabs(a) : 0.0f) < (std::isfinite(b) ? std::fabs(b) : 0.0f); });
    if (step > 1 && std::isfinite(*largest)) x.push_back(*largest);
    if (x.size() < 4) return std::nullopt;
    const auto farthest = std::max_element(x.begin(), x.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); }) - x.begin();
    if (x[std::size_t(farthest)] == 0) return std::nullopt;
    QuantSpec spec = group.q.spec;
    spec.granularity = PerChannel{};
    const auto measured = [&]() {
        const auto count = static_cast<std::int64_t>(x.size());
        const Tensor back = dequantize(quantizeWeights(Tensor::of(Shape{1, count}, x), {1, 1, count}, spec, workers, job), workers);
        double signal = 0, noise = 0;
        const auto values = back.as<float>();
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (i == std::size_t(farthest)) continue;
            signal += double(x[i]) * double(x[i]);
            noise += (double(x[i]) - double(values[i])) * (double(x[i]) - double(values[i]));
        }
        return decibels(signal, noise);
    };
    OutlierTrial trial;
    trial.before = measured();
    x[std::size_t(farthest)] *= 10;
    trial.after = measured();
    if (!std::isfinite(trial.before) || !std::isfinite(trial.after)) return std::nullopt;
    return trial;
}

}  // namespace bitlathe
