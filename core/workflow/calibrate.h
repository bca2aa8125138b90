// Calibration: samples stream through the float network, one observer per activation keeps its range.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/model/model.h"
#include "core/quant/activation_range.h"
#include "core/quant/observer.h"
#include "core/quant/recipe.h"
#include "core/workflow/samples.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace bitlathe {

// A calibration on its way: what has been seen so far.
struct CalibrationProgress {
    std::int64_t run = 0;    // the next one
    std::int64_t batch = 0;  // samples in one run
    std::int64_t seen = 0;   // samples
    std::map<std::string, Observer, std::less<>> observers;  // by value
};

struct CalibrationOptions {
    std::int64_t mostSamples = 0;  // 0: all
    // Called between runs, for whoever keeps it now and then; null: nobody does.
    std::function<void(const CalibrationProgress&)> progress;
    // To go on from: of the same model, recipe, feed and mostSamples. The ranges are then those of a calibration
    // that was never interrupted, to the bit.
    const CalibrationProgress* from = nullptr;
};

// The ranges of what observedValues(model, recipe) names. Memory: one observer per value, one batch of samples and
// the workspace of one run, however many samples there are. The result is the same for every number of
// threads. Throws Error(Unsupported) when the engine lacks an operator, Cancelled at the next batch.
ActivationRanges calibrate(std::shared_ptr<const Model> model, const Recipe& recipe, const SampleFeed& feed, const CalibrationOptions& options,
                           const Machine& machine, Workers& workers, JobContext& job);

// One for each value that the recipe wants observed, before anything was seen.
std::map<std::string, Observer, std::less<>> calibrationObservers(const Model& model, const Recipe& recipe);

// Whether the recipe needs calibration for this model.
bool needsCalibration(const Model& model, const Recipe& recipe);

}  // namespace bitlathe
