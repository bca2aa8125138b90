#include "core/project/report_record.h"

#include "core/base/sha256.h"
#include "core/project/node_fields.h"

namespace bitlathe {

namespace {

constexpr const char* kValue = "weight value";  // the unit of weights, whatever the network measures in

template <class F>
void fields(F& f, Histogram& h, const std::string& of, const char* about) {
    f((of + "_low").c_str(), h.lo, kValue);
    f((of + "_high").c_str(), h.hi, kValue);
    f((of + "_below").c_str(), h.below, "values");
    f((of + "_above").c_str(), h.above, "values");
    f((of + "_counts").c_str(), h.counts, "values per bin", about);
}

template <class F>
void fields(F& f, TransferCurve& t) {
    f("curve_group", t.group);
    f("curve_channel", t.channel);
    f("curve_element", t.element);
    f("curve_length", t.length, "weights");
    f("curve_whole_channel", t.wholeChannel);
    f("curve_part", t.part, "part of the group; -1: the group has no parts");
    f("curve_scale", t.scale, "weight value per code");
    f("curve_zero_point", t.zeroPoint, "code");
    f("curve_sampled", t.sampled);
    f("curve_levels", t.levels, kValue, "values that the group gives back, ascending");
    f("curve_codes", t.codes, "code", "code of each level, as stored");
    f("curve_counts", t.counts, "weights", "weights of the group on each level");
    f("curve_in", t.in, kValue, "corners of the staircase: the value that goes in");
    f("curve_out", t.out, kValue, "corners of the staircase: the value that comes out");
}

template <class F>
void fields(F& f, LayerReport& r) {
    f("weights", r.statistics.count, "weights");
    f("weights_not_finite", r.statistics.notFinite, "weights");
    f("weights_zero", r.statistics.zeros, "weights");
    f("weight_min", r.statistics.min, kValue);
    f("weight_max", r.statistics.max, kValue);
    f("weight_mean", r.statistics.mean, kValue);
    f("weight_deviation", r.statistics.deviation, kValue);
    f("error_mean_square", r.error.meanSquare, "weight value squared");
    f("error_root_mean_square", r.error.rootMeanSquare, kValue);
    f("error_maximum", r.error.maximum, kValue);
    f("sqnr", r.error.sqnrDb, "dB");
    f("cosine", r.error.cosine, "of 1");
    f("kl_divergence", r.error.klDivergence, "nats");
    f("clipped", r.error.clipped, "share of weights, 0..1");
    f("range_low", r.clipLo, kValue);
    f("range_high", r.clipHi, kValue);
    f("scales", r.scales, "scales");
    f("bytes_before", r.bytesBefore, "bytes");
    f("bytes_after", r.bytesAfter, "bytes");
    f("bits_per_weight", r.bitsPerWeight, "bits");
    f("entropy", r.entropy.bitsPerCode, "bits per code");
    f("huffman_bytes", r.entropy.huffmanBytes, "bytes");
    f("huffman_bits_per_weight", r.entropy.huffmanBitsPerWeight, "bits");
    f("note", r.note);
    fields(f, r.weights, "weight_histogram", "how many weights lie in each of the equal bins from low to high");
    fields(f, r.quantized, "quantized_histogram", "the same of the quantized weights");
    fields(f, r.errors, "error_histogram", "how many errors (weight minus quantized weight) lie in each bin");
    fields(f, r.transfer);
    f("map_channels_per_row", r.map.channelsPerRow, "channels");
    f("map_elements_per_column", r.map.elementsPerColumn, "elements");
}

constexpr std::int64_t kChannelColumns = 7;
static_assert(sizeof(ChannelRange) == std::size_t(kChannelColumns) * sizeof(float));

std::string textOf(const Hdf5Node& node, const char* name) {
    const auto* text = node.get<std::string>(name);
    return text ? *text : std::string();
}

}  // namespace

std::string keyOf(const ReportSubject& subject) {
    Sha256 sum;
    for (const std::string& text : {std::to_string(ReportSubject::kFigures), subject.model, subject.layer, subject.scheme}) {
        const std::string sized = std::to_string(text.size()) + ":" + text;
        sum.add(std::as_bytes(std::span(sized.data(), sized.size())));
    }
    return "reports/" + sum.hex().substr(0, 32);
}

Hdf5Node toNode(const LayerReport& report, const ReportSubject& subject) {
    Hdf5Node node;
    node.about = "Exact figures of one layer's weights under one scheme. error = weight - quantized weight; SQNR = 10 log10(sum of weight^2 / sum of error^2)";
    node.add("figures_version", ReportSubject::kFigures);
    node.add("model_sha256", subject.model);
    node.add("layer", subject.layer);
    node.add("scheme", subject.scheme);
    ToNode to(node);
    LayerReport copy = report;  // the list of fields serves both directions
    fields(to, copy);
    if (!report.channels.empty())
        node.add("channels", Tensor::of<float>(Shape{std::int64_t(report.channels.size()), kChannelColumns}, std::span(&report.channels[0].min, report.channels.size() * std::size_t(kChannelColumns))), "weight value; the last column dB",
                 "one row per channel: min, max, mean, deviation of its weights; low, high of its range; SQNR in dB");
    if (report.map.rows > 0)
        node.add("error_map", Tensor::of<float>(Shape{report.map.rows, report.map.columns}, report.map.rms), kValue,
                 "root mean square error: channels down, elements of a channel across");
    return node;
}

std::optional<LayerReport> reportFrom(const Hdf5Node& node, const ReportSubject& subject) {
    const auto* figures = node.get<std::int64_t>("figures_version");
    if (!figures || *figures != ReportSubject::kFigures || textOf(node, "model_sha256") != subject.model || textOf(node, "layer") != subject.layer ||
        textOf(node, "scheme") != subject.scheme)
        return std::nullopt;
    LayerReport report;
    FromNode from(node);
    fields(from, report);
    if (!from.complete()) return std::nullopt;
    if (const auto* channels = node.get<Tensor>("channels")) {
        if (channels->type() != ElementType::F32 || channels->shape().rank() != 2 || channels->shape()[1] != kChannelColumns) return std::nullopt;
        const float* at = channels->as<float>().data();
        for (std::int64_t i = 0; i < channels->shape()[0]; ++i, at += kChannelColumns) report.channels.push_back({at[0], at[1], at[2], at[3], at[4], at[5], at[6]});
    }
    if (const auto* map = node.get<Tensor>("error_map")) {
        if (map->type() != ElementType::F32 || map->shape().rank() != 2 || map->shape()[0] > ErrorMap::kMapSide || map->shape()[1] > ErrorMap::kMapSide) return std::nullopt;
        report.map.rows = int(map->shape()[0]);
        report.map.columns = int(map->shape()[1]);
        const auto rms = map->as<float>();
        report.map.rms.assign(rms.begin(), rms.end());
    }
    report.doneFraction = 1.0;
    return report;
}

}  // namespace bitlathe
