// Calibration: samples stream through the float network, one observer per activation keeps its range.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/machine.h"
#include "core/model/model.h"
#include "core/quant/activation_range.h"
#include "core/quant/recipe.h"
#include "core/workflow/samples.h"

#include <cstdint>
#include <memory>

namespace bitlathe {

struct CalibrationOptions {
    std::int64_t mostSamples = 0;  // 0: all
};

// The ranges of what observedValues(model, recipe) names. Memory: one observer per value, one batch of samples and
// the workspace of one run, however many samples there are. The result is the same for every number of
// threads. Throws Error(Unsupported) when the engine lacks an operator, Cancelled at the next batch.
ActivationRanges calibrate(std::shared_ptr<const Model> model, const Recipe& recipe, const SampleFeed& feed, const CalibrationOptions& options,
                           const Machine& machine, Workers& workers, JobContext& job);

// Whether the recipe needs calibration for this model.
bool needsCalibration(const Model& model, const Recipe& recipe);

}  // namespace bitlathe
