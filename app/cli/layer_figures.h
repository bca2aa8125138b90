// What a recipe does to each layer, measured on every weight: for inspect.
#pragma once

#include "app/cli/command.h"

#include "core/metrics/layer_report.h"
#include "core/model/model.h"
#include "core/quant/recipe.h"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <vector>

namespace bitlathe::cli {

using LayerFigures = std::vector<std::shared_ptr<const LayerReport>>;  // by layer; null: stays in float

// One layer after the other, so that no more than one weight is in memory. Throws Error(Recipe) with the first thing
// that makes the recipe impossible.
LayerFigures measureLayers(const Model& model, const Recipe& recipe, Session& session, JobContext& job);

nlohmann::ordered_json figuresJson(const LayerReport& report);
void printFigures(const Model& model, const LayerFigures& figures);

}  // namespace bitlathe::cli
