// A language model measured on a text, as a record of the project: what was measured, on what, and the figures. Knows no windows.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/quant/recipe.h"
#include "core/workflow/network.h"
#include "core/workflow/perplexity.h"

#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct KeptTextEvaluation {
    std::string model;       // lastingIdentity()
    Recipe recipe;           // of the network that was measured; float where it was the file's own
    std::string text;        // the file
    std::string importance;  // KeptImportance::identity() of what its encoders obeyed; empty: none
    EngineMode mode = EngineMode::Integer;
    std::int64_t context = 512, mostWindows = 0;
    bool partial = false;    // it was stopped: the figures are of the tokens predicted by then
    LanguageEvaluation evaluation;
    std::vector<CarriedError> layers;
};
Hdf5Node toNode(const KeptTextEvaluation& kept);
// Nothing for a record that lacks something. Throws Error(Recipe) for a recipe that cannot be read.
std::optional<KeptTextEvaluation> textEvaluationFrom(const Hdf5Node& node);

}  // namespace bitlathe
