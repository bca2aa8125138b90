// A model made ready to run in one of the three modes. Knows no datasets.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/engine/executable.h"
#include "core/model/model.h"
#include "core/quant/qdq.h"
#include "core/quant/recipe.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bitlathe {

enum class EngineMode { Float, Simulated, Integer };
std::string_view nameOf(EngineMode mode) noexcept;  // "float", "simulated", "integer"
std::optional<EngineMode> engineModeFromName(std::string_view name) noexcept;

struct Network {
    EngineMode mode = EngineMode::Float;
    std::shared_ptr<const Model> source;
    std::shared_ptr<const QuantizedModel> quantized;  // null without a recipe
    std::shared_ptr<const Executable> executable;
};

// Without a recipe, float mode runs the model as it stands; integer mode fuses what Q and DQ nodes the file
// itself has. With one, the model is quantized first; float mode then ignores it. `fuse`: join operators for
// speed (same bits); off, every value can be observed.
Network prepareNetwork(std::shared_ptr<const Model> model, const Recipe* recipe, const ActivationRanges& ranges, EngineMode mode,
                       bool fuse, const Machine& machine, Workers& workers, JobContext& job);

}  // namespace bitlathe
