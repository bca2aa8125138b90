// An evaluation as a record of the project, with what it was measured on.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/quant/recipe.h"
#include "core/workflow/calibration_choice.h"
#include "core/workflow/evaluate.h"

#include <optional>
#include <string>

namespace bitlathe {

struct KeptEvaluation {
    std::string model;  // lastingIdentity()
    Recipe recipe;      // of the network that was evaluated
    std::string data;   // as datasets are named
    Evaluation evaluation;
    // What the ranges were learned from, and the same figures on those samples; no data: nothing calibrated.
    CalibrationChoice choice;
    std::optional<Evaluation> calibration;
};
Hdf5Node toNode(const KeptEvaluation& kept);
// Nothing for a record that lacks something. Throws Error(Recipe) for a recipe that cannot be read.
std::optional<KeptEvaluation> evaluationFrom(const Hdf5Node& node);

}  // namespace bitlathe
