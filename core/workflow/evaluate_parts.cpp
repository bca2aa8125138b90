#include "core/workflow/evaluate_parts.h"

#include "core/data/dataset.h"
#include "core/data/sample_split.h"

namespace bitlathe {

PartsEvaluation evaluateParts(const Network& network, const MeasuredParts& parts, const EvaluateOptions& given, Workers& workers, JobContext& job) {
    EvaluateOptions options = given;
    const std::int64_t most = options.mostSamples;
    options.mostSamples = 0;  // picked by the seed, not the first: data is often sorted by class
    const CalibrationChoice& choice = parts.calibration;
    const bool both = parts.calibrationToo && !choice.data.empty() && network.mode != EngineMode::Float;

    SampleFeed feed(*network.source, openDataset(parts.data), parts.preprocessing);
    if (auto measured = measuredSamples(choice, feed.samples(), most)) feed.select(std::move(*measured));
    std::optional<SampleFeed> calibration;
    if (both) {  // opened first: a refusal costs no measuring
        calibration.emplace(*network.source, openDataset(choice.data), parts.preprocessing);
        auto chosen = calibratingSamples(choice, calibration->samples());
        const auto count = chosen ? static_cast<std::int64_t>(chosen->size()) : calibration->samples();
        if (most > 0 && most < count) {
            std::vector<std::int64_t> fewer = pickSamples(count, most, choice.seed);
            for (std::int64_t& index : fewer) index = chosen ? (*chosen)[static_cast<std::size_t>(index)] : index;
            chosen = std::move(fewer);
        }
        if (chosen) calibration->select(std::move(*chosen));
    }
    const double held = calibration ? static_cast<double>(feed.samples()) / static_cast<double>(feed.samples() + calibration->samples()) : 1;
    PartsEvaluation result;
    JobContext first = job.part(0, held), second = job.part(held, 1);
    result.heldOut = evaluate(network, std::move(feed), options, workers, first);
    if (!calibration) return result;
    options.layers = false;
    options.partial = {};
    result.calibration = evaluate(network, std::move(*calibration), options, workers, second);
    return result;
}

std::string partsText(const CalibrationChoice& choice, const PartsEvaluation& result) {
    if (choice.data.empty()) return {};
    const std::string measured = std::to_string(result.heldOut.samples);
    if (choice.split) return "calibrated on a part of the data picked by seed " + std::to_string(choice.seed) + "; measured on " + measured + " others";
    return "calibrated on '" + choice.data + "'; measured on " + measured + " samples of other data";
}

}  // namespace bitlathe
