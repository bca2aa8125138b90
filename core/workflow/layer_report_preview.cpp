#include "core/workflow/layer_report_parts.h"

#include "core/base/job.h"
#include "core/quant/codec.h"
#include "core/workflow/layer_measure.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

std::uint64_t scaledCount(double count, double share) noexcept { return static_cast<std::uint64_t>(std::llround(count / share)); }

void scale(Histogram& histogram, double share) {
    for (auto& count : histogram.counts) count = scaledCount(double(count), share);
    histogram.below = scaledCount(double(histogram.below), share);
    histogram.above = scaledCount(double(histogram.above), share);
}

// For each index 0 … count − 1 the position of the nearest of `picked` (ascending, not empty).
std::vector<std::size_t> nearest(const std::vector<std::int64_t>& picked, std::int64_t count) {
    std::vector<std::size_t> result(static_cast<std::size_t>(count));
    std::size_t at = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        while (at + 1 < picked.size() && std::abs(picked[at + 1] - i) < std::abs(picked[at] - i)) ++at;
        result[static_cast<std::size_t>(i)] = at;
    }
    return result;
}

// Facts whose axis is the whole's and whose channels are the sample's.
LayerFacts forSample(const LayerFacts& whole, const WeightSample& sample) {
    LayerFacts facts{whole.statistics, whole.histogram, {}};
    for (const std::int64_t c : sample.channels) facts.channels.push_back(whole.channels[static_cast<std::size_t>(c)]);
    return facts;
}

ErrorMap stretched(const ErrorMap& map, const MapGrid& grid, const std::vector<std::size_t>& channelOf, const ChannelLayout& layout) {
    ErrorMap result{grid.rows, grid.columns, grid.channelsPerRow, grid.elementsPerColumn,
                    std::vector<float>(static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.columns))};
    if (map.rows == 0 || map.columns == 0) return result;
    for (int r = 0; r < grid.rows; ++r) {
        const auto middle = std::min((2 * r + 1) * grid.channelsPerRow / 2, layout.channels - 1);
        const auto row = static_cast<std::int64_t>(channelOf[static_cast<std::size_t>(middle)]) / map.channelsPerRow;
        for (int c = 0; c < grid.columns; ++c) {
            const auto column = std::int64_t(c) * map.columns / grid.columns;
            result.rms[static_cast<std::size_t>(r * grid.columns + c)] = map.rms[static_cast<std::size_t>(row * map.columns + column)];
        }
    }
    return result;
}

// The sample's code lengths for all codes; parameters as the whole stores them.
CodeEntropy stretched(CodeEntropy entropy, const ChannelLayout& sample, const ChannelLayout& whole, const QuantSpec& spec) {
    const auto plain = [&](const ChannelLayout& layout) {  // what is no code: parameters and the table
        return storedBytes(layout, spec) - (layout.channels * layout.perChannel() * spec.bits + 7) / 8 + (std::int64_t{1} << spec.bits);
    };
    const double count = double(whole.channels * whole.perChannel()), counted = double(sample.channels * sample.perChannel());
    if (counted == 0) return entropy;
    entropy.huffmanBytes = plain(whole) + std::llround(double(entropy.huffmanBytes - plain(sample)) * count / counted);
    entropy.huffmanBitsPerWeight = 8.0 * double(entropy.huffmanBytes) / count;
    return entropy;
}

}  // namespace

LayerReport previewReport(const WeightSource& whole, const WeightSample& sample, const Scheme& scheme, const LayerFacts* facts, Isa isa,
                          Workers& workers, JobContext& job) {
    const auto values = sample.source.values.as<float>();
    JobContext first = job.part(0, 0.4), second = job.part(0.4, 1);
    const LayerFacts own = facts ? forSample(*facts, sample) : layerFacts(values, sample.source.layout, isa, workers, first);
    LayerReport report = exactReport(sample.source, scheme, own, isa, workers, second);
    const double share = sample.share;
    report.doneFraction = std::min(share, 0.999);
    report.bytesBefore = whole.bytesBefore;
    if (!facts) {
        scale(report.weights, share);
        auto& s = report.statistics;
        s.count = whole.values.count();
        s.notFinite = static_cast<std::int64_t>(scaledCount(double(s.notFinite), share));
        s.zeros = static_cast<std::int64_t>(scaledCount(double(s.zeros), share));
    }
    scale(report.quantized, share);
    scale(report.errors, share);
    if (scheme.weights) {
        report.scales = groupGrid(whole.layout, *scheme.weights).groups;
        report.bytesAfter = storedBytes(whole.layout, *scheme.weights);
        report.bitsPerWeight = bitsPerWeight(whole.layout, *scheme.weights);
        report.entropy = stretched(report.entropy, sample.source.layout, whole.layout, *scheme.weights);
    } else {
        report.bytesAfter = whole.bytesBefore;
        report.bitsPerWeight = 8.0 * double(whole.bytesBefore) / double(std::max<std::int64_t>(whole.values.count(), 1));
    }
    TransferCurve& transfer = report.transfer;
    if (transfer.channel >= 0 && share < 1) {  // the place in the whole, as far as the sample knows it
        const GroupGrid grid = groupGrid(whole.layout, *scheme.weights);
        transfer.channel = sample.channels[static_cast<std::size_t>(transfer.channel)];
        transfer.group = transfer.channel * grid.perChannel;
        transfer.wholeChannel = grid.perChannel == 1;
        transfer.element = transfer.wholeChannel ? 0 : -1;
        if (transfer.wholeChannel) transfer.length = whole.layout.perChannel();
    }
    if (scheme.weights && transfer.channel < 0) transfer.length = whole.values.count();
    const auto channelOf = nearest(sample.channels, whole.layout.channels);
    std::vector<ChannelRange> channels(channelOf.size());
    for (std::size_t c = 0; c < channels.size(); ++c) {
        channels[c] = report.channels[channelOf[c]];
        if (facts) {
            const ChannelFacts& f = facts->channels[c];
            channels[c].min = f.min, channels[c].max = f.max, channels[c].mean = f.mean, channels[c].deviation = f.deviation;
        }
    }
    report.channels = std::move(channels);
    report.map = stretched(report.map, mapGrid(whole.layout, scheme.weights.value_or(QuantSpec{})), channelOf, whole.layout);
    return report;
}

}  // namespace bitlathe
