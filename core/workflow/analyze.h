// The report of one layer under one scheme: first from a sample, then exact. Knows no windows: snapshots
// go to whoever asked.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/layer_report.h"
#include "core/workflow/weight_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace bitlathe {

class JobContext;
class ReportCache;
class Workers;

struct AnalyzeOptions {
    std::int64_t sampleWeights = 1 << 18;  // size of the preview's sample; 0: no preview
    Isa isa = detectIsa();                 // changes no figure
};

// Called from the job's thread with each snapshot, the last one exact.
using PublishReport = std::function<void(std::shared_ptr<const LayerReport>)>;

// Publishes a preview where the layer is larger than the sample, then the exact report, and returns the
// latter. The scheme must be valid for the layer. With a cache, an exact report made before is published
// alone and at once. Reports are the same for every number of threads and every ISA. Throws Cancelled.
std::shared_ptr<const LayerReport> analyzeLayer(const WeightSource& source, const Scheme& scheme, const AnalyzeOptions& options,
                                                ReportCache* cache, Workers& workers, JobContext& job, const PublishReport& publish = {});

// Size against error, one point per width of the codec up to 8 bits, and the spec's own: narrowest first.
struct CurvePoint {
    int bits = 0;
    std::int64_t bytes = 0;  // as stored, scales and zero points included
    double bitsPerWeight = 0;
    double sqnrDb = 0, rootMeanSquare = 0;
    bool operator==(const CurvePoint&) const = default;
};
// options.sampleWeights: about how many weights the errors rest on; 0: all. publish gets the points so far.
std::vector<CurvePoint> errorCurve(const WeightSource& source, const QuantSpec& spec, const AnalyzeOptions& options, Workers& workers,
                                   JobContext& job, const std::function<void(const std::vector<CurvePoint>&)>& publish = {});

// What going from one scheme to another does to a layer.
struct LayerEffect {
    std::int64_t bytesBefore = 0, bytesAfter = 0;
    double bitsPerWeightBefore = 0, bitsPerWeightAfter = 0;
    double sqnrBefore = 0, sqnrAfter = 0;                              // of the weights, dB
    std::optional<double> outputSqnrBefore, outputSqnrAfter;           // of the layer's output on calibration data, dB; from the engine
    bool operator==(const LayerEffect&) const = default;
};
LayerEffect effectOf(const LayerReport& before, const LayerReport& after) noexcept;

}  // namespace bitlathe
