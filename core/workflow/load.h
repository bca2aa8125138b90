// From a path to a model that is ready to be looked at and tuned. Knows no recipes.
#pragma once

#include "core/base/job.h"
#include "core/engine/machine.h"
#include "core/model/model.h"

#include <filesystem>
#include <memory>

namespace bitlathe {

// Reads the file with the format that recognises it, folds batch norms into their convolutions and
// constant arithmetic into constants; Model::notes says what was changed. Throws Error(Input).
std::shared_ptr<const Model> loadModel(const std::filesystem::path& path, const Machine& machine, JobContext& job);

// Why the engine cannot run the model: the operators it lacks, each once, with the first node that needs
// it. Empty: it can.
std::vector<std::string> missingOperators(const Model& model);

// Whether the engine has this layer's operator.
bool isRunnable(const Model& model, const Layer& layer);

// How many of the layer's weights are NaN or infinite: they are coded as 0 or saturate. Reads the weight, except
// where the model is weights only: 0 then.
std::int64_t notFiniteWeights(const Model& model, const Layer& layer);
// "3 weights are NaN or infinite"; empty for 0.
std::string notFiniteText(std::int64_t count);

}  // namespace bitlathe
