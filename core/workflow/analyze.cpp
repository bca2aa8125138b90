#include "core/workflow/analyze.h"

#include "core/base/job.h"
#include "core/base/lost_pages.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/workflow/layer_measure.h"
#include "core/workflow/layer_report_parts.h"
#include "core/workflow/report_cache.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// What searches takes longer per weight; its sample is smaller, so that the preview stays quick: within some
// milliseconds on two cores.
std::int64_t slownessOf(const QuantSpec& spec) noexcept {
    const Codec& codec = codecOf(spec);
    if (codec.name == "kmeans") return spec.bits <= 4 ? 64 : std::int64_t{64} << (spec.bits - 4);
    if (codec.name == "quantile") return 8;
    if (codec.name.starts_with("iq")) return 8;
    if (codec.name.ends_with("_k")) return 2;
    if (const auto* rule = std::get_if<LeastError>(&spec.range)) return rule->norm == 2 ? 8 : 16;
    if (std::holds_alternative<Entropy>(spec.range)) return 32;
    if (std::holds_alternative<Adaptive>(spec.range)) return 64;
    if (std::holds_alternative<Percentile>(spec.range)) return 2;
    return 1;
}

std::int64_t sampleFor(const Scheme& scheme, std::int64_t weights) noexcept {
    constexpr std::int64_t kLeast = 1 << 12;
    return scheme.weights ? std::max(weights / slownessOf(*scheme.weights), std::min(kLeast, weights)) : weights;
}

// The curve's widest point, unless the spec asks for more: wider codes are float for the eye.
constexpr int kCurveBits = 8;

std::int64_t groupSizeOf(const WeightSource& source, const QuantSpec& spec) noexcept {
    const GroupGrid grid = groupGrid(source.layout, spec);
    return grid.perChannel > 1 ? grid.size : 0;
}

}  // namespace

std::shared_ptr<const LayerReport> analyzeLayer(const WeightSource& source, const Scheme& scheme, const AnalyzeOptions& options,
                                                ReportCache* cache, Workers& workers, JobContext& job, const PublishReport& publish) {
    const auto show = [&](std::shared_ptr<const LayerReport> report) {
        refuseLostPages(source.values.bytes());
        if (publish) publish(report);
        return report;
    };
    if (cache)
        if (auto known = cache->report(source.model, source.layer, scheme)) return show(std::move(known));
    std::shared_ptr<const LayerFacts> facts = cache ? cache->facts(source.model, source.layer) : nullptr;
    job.checkpoint(0);
    if (publish && options.sampleWeights > 0 && source.values.count() > options.sampleWeights) {
        const auto sample = sampleOf(source, sampleFor(scheme, options.sampleWeights), scheme.weights ? groupSizeOf(source, *scheme.weights) : 0);
        JobContext part = job.part(0, 0.1);
        show(std::make_shared<const LayerReport>(previewReport(source, sample, scheme, facts.get(), options.isa, workers, part)));
    }
    if (!facts) {
        JobContext part = job.part(0.1, 0.4);
        facts = std::make_shared<const LayerFacts>(layerFacts(source.values.as<float>(), source.layout, options.isa, workers, part));
        refuseLostPages(source.values.bytes());
        if (cache) cache->keep(source.model, source.layer, facts);
    }
    JobContext part = job.part(0.4, 1);
    auto report = std::make_shared<const LayerReport>(exactReport(source, scheme, *facts, options.isa, workers, part));
    refuseLostPages(source.values.bytes());
    if (cache) cache->keep(source.model, report);
    return show(std::move(report));
}

std::vector<CurvePoint> errorCurve(const WeightSource& source, const QuantSpec& spec, const AnalyzeOptions& options, Workers& workers,
                                   JobContext& job, const std::function<void(const std::vector<CurvePoint>&)>& publish) {
    const Codec& codec = codecOf(spec);
    WeightSource part = source;
    if (options.sampleWeights > 0 && source.values.count() > options.sampleWeights)
        part = sampleOf(source, options.sampleWeights, groupSizeOf(source, spec)).source;
    const auto values = part.values.as<float>();
    const bool allFinite = std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
    std::vector<CurvePoint> points;
    const int widest = std::min(codec.maxBits, std::max(kCurveBits, spec.bits));
    const int widths = widest - codec.minBits + 1;
    for (int bits = codec.minBits; bits <= widest; ++bits) {
        if (bits != spec.bits && (bits > kCurveBits || codec.takesTable)) continue;  // a table has one width
        const int i = bits - codec.minBits;
        JobContext step = job.part(double(i) / widths, double(i + 1) / widths);
        JobContext fitting = step.part(0, 0.5), measuring = step.part(0.5, 1);
        QuantizedTensor q;
        q.spec = spec;
        q.spec.bits = bits;
        q.layout = part.layout;
        fitGroups(values, q, workers, fitting, nullptr, options.isa, part.columns());
        const QuantizationError error = figuresOf(measure({values, q, {}, {}, 0.5, allFinite, options.isa}, workers, measuring).sums);
        points.push_back({bits, storedBytes(source.layout, q.spec), bitsPerWeight(source.layout, q.spec), error.sqnrDb, error.rootMeanSquare});
        if (publish) publish(points);
    }
    return points;
}

LayerEffect effectOf(const LayerReport& before, const LayerReport& after) noexcept {
    LayerEffect effect;
    effect.bytesBefore = before.bytesAfter;
    effect.bytesAfter = after.bytesAfter;
    effect.bitsPerWeightBefore = before.bitsPerWeight;
    effect.bitsPerWeightAfter = after.bitsPerWeight;
    effect.sqnrBefore = before.error.sqnrDb;
    effect.sqnrAfter = after.error.sqnrDb;
    return effect;
}

}  // namespace bitlathe
