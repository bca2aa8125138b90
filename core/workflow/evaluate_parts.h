// A network measured on what it was not calibrated on, and beside it on what it was.
#pragma once

#include "core/workflow/calibration_choice.h"
#include "core/workflow/evaluate.h"
#include "core/workflow/split_gap.h"

#include <optional>
#include <string>

namespace bitlathe {

// What was asked to be measured.
struct MeasuredParts {
    std::string data;            // as datasets are named
    std::string preprocessing;   // JSON; empty: none of its own
    CalibrationChoice calibration;  // without data: nothing calibrates, and all samples are measured
    bool calibrationToo = true;  // measure the samples that calibrate as well
};

struct PartsEvaluation {
    Evaluation heldOut;
    std::optional<Evaluation> calibration;  // without layers
    std::optional<SplitGap> gap() const { return calibration ? std::optional(splitGap(*calibration, heldOut)) : std::nullopt; }
};

// options.mostSamples holds for each part; those of fewer are picked by the choice's seed. The options' `partial` is
// called for the held-out part only. Throws Error and Cancelled.
PartsEvaluation evaluateParts(const Network& network, const MeasuredParts& parts, const EvaluateOptions& options, Workers& workers, JobContext& job);

// "250 of 1000 samples by seed 1; the other 750 are measured": for people.
std::string partsText(const CalibrationChoice& choice, const PartsEvaluation& result);

}  // namespace bitlathe
