#include "core/workflow/duel.h"

#include "core/base/error.h"
#include "core/base/job.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/duel_formats.h"
#include "core/workflow/report_cache.h"
#include "core/workflow/weight_sample.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

namespace bitlathe {

namespace {

using ReportPtr = std::shared_ptr<const LayerReport>;

double secondsNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The errors of a sample, the bytes of the whole.
ReportPtr sampled(const WeightSource& source, const Scheme& scheme, const AnalyzeOptions& options, Workers& workers, JobContext& job) {
    const GroupGrid grid = groupGrid(source.layout, *scheme.weights);
    const WeightSample sample = sampleOf(source, options.sampleWeights, grid.perChannel > 1 ? grid.size : 0);
    AnalyzeOptions exact = options;
    exact.sampleWeights = 0;
    LayerReport report = *analyzeLayer(sample.source, scheme, exact, nullptr, workers, job);
    report.doneFraction = sample.share;
    report.statistics.count = source.values.count();
    report.bytesAfter = storedBytes(source.layout, *scheme.weights);
    return std::make_shared<const LayerReport>(std::move(report));
}

}  // namespace

DuelRow duelRow(const QuantSpec& spec, std::span<const ReportPtr> reports) {
    DuelRow row;
    row.spec = spec;
    row.label = duelLabel(spec);
    double signal = 0, noise = 0, finite = 0;
    row.doneFraction = 1;
    for (const ReportPtr& report : reports) {
        const WeightStatistics& s = report->statistics;
        const double n = double(s.count - s.notFinite);
        row.weights += s.count;
        row.bytes += report->bytesAfter;
        signal += n * (s.mean * s.mean + s.deviation * s.deviation);
        noise += n * report->error.meanSquare;
        finite += n;
        row.doneFraction = std::min(row.doneFraction, report->doneFraction);
    }
    row.bitsPerWeight = row.weights > 0 ? 8.0 * double(row.bytes) / double(row.weights) : 0;
    row.rootMeanSquare = finite > 0 ? std::sqrt(noise / finite) : 0;
    // One layer has its figures already, to the last bit.
    row.sqnrDb = reports.size() == 1 ? reports[0]->error.sqnrDb : noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
    return row;
}

void markFront(std::span<DuelRow> rows) noexcept {
    for (DuelRow& row : rows)
        row.front = row.measured() && std::none_of(rows.begin(), rows.end(), [&](const DuelRow& other) {
            return other.measured() && other.bytes <= row.bytes && other.rootMeanSquare <= row.rootMeanSquare && (other.bytes < row.bytes || other.rootMeanSquare < row.rootMeanSquare);
        });
}

std::vector<DuelRow> duel(const DuelLayers& layers, const std::vector<QuantSpec>& specs, const AnalyzeOptions& options, ReportCache* cache, Workers& workers,
                          JobContext& job, const std::function<void(const std::vector<DuelRow>&)>& publish) {
    std::vector<DuelRow> rows(specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
        rows[i].spec = specs[i];
        rows[i].label = duelLabel(specs[i]);
    }
    if (layers.count == 0) return rows;
    const auto tell = [&] {
        markFront(rows);
        if (publish) publish(rows);
    };
    AnalyzeOptions exactly = options;
    exactly.sampleWeights = 0;
    // Conversions to float32 are paid once where there is one layer.
    std::optional<WeightSource> only;
    if (layers.count == 1) only = layers.source(0);
    const auto measure = [&](std::size_t i, bool exact, JobContext& part) {
        const Scheme scheme{specs[i], std::nullopt};
        const double began = secondsNow();
        std::vector<ReportPtr> reports;
        bool fresh = false;
        for (std::size_t layer = 0; layer < layers.count; ++layer) {
            JobContext one = part.part(double(layer) / double(layers.count), double(layer + 1) / double(layers.count));
            one.checkpoint(0);
            const WeightSource source = only ? *only : layers.source(layer);
            ReportPtr report = cache ? cache->report(source.model, source.layer, scheme) : nullptr;
            fresh = fresh || !report;
            if (!report && !exact && options.sampleWeights > 0 && source.values.count() > options.sampleWeights) report = sampled(source, scheme, options, workers, one);
            if (!report) report = analyzeLayer(source, scheme, exactly, cache, workers, one);
            reports.push_back(std::move(report));
        }
        rows[i] = duelRow(specs[i], reports);
        if (fresh && rows[i].exact()) rows[i].seconds = secondsNow() - began;
    };
    constexpr double kPreviews = 0.15;  // share of the work, roughly
    for (const bool exact : {false, true})
        for (std::size_t i = 0; i < specs.size(); ++i) {
            const double begin = double(i) / double(specs.size()), end = double(i + 1) / double(specs.size());
            JobContext part = exact ? job.part(kPreviews + (1 - kPreviews) * begin, kPreviews + (1 - kPreviews) * end) : job.part(kPreviews * begin, kPreviews * end);
            if (!rows[i].failure.empty() || rows[i].exact()) continue;
            part.checkpoint(0, rows[i].label);
            try {
                measure(i, exact, part);
            } catch (const Error& error) {
                rows[i].failure = error.message();
            }
            tell();
        }
    return rows;
}

}  // namespace bitlathe
