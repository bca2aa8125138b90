#include "core/workflow/network.h"

#include <array>

namespace bitlathe {

namespace {
constexpr std::array<std::pair<EngineMode, std::string_view>, 3> kModes = {
    {{EngineMode::Float, "float"}, {EngineMode::Simulated, "simulated"}, {EngineMode::Integer, "integer"}}};
}

std::string_view nameOf(EngineMode mode) noexcept {
    for (const auto& [row, name] : kModes)
        if (row == mode) return name;
    return "";
}

std::optional<EngineMode> engineModeFromName(std::string_view name) noexcept {
    for (const auto& [mode, row] : kModes)
        if (row == name) return mode;
    return std::nullopt;
}

Network prepareNetwork(std::shared_ptr<const Model> model, const Recipe* recipe, const ActivationRanges& ranges, EngineMode mode, bool fuse,
                       const Machine& machine, Workers& workers, JobContext& job) {
    Network network;
    network.mode = mode;
    network.source = model;
    std::shared_ptr<const Model> runs = model;
    if (recipe && mode != EngineMode::Float && !model->graph.weightsOnly) {
        JobContext quantizing = job.part(0.0, 0.6);
        network.quantized = std::make_shared<const QuantizedModel>(quantizeModel(*model, *recipe, ranges, {}, workers, quantizing));
        runs = std::shared_ptr<const Model>(network.quantized, &network.quantized->model);
    }
    job.checkpoint(0.7, "compiling");
    CompileOptions options;
    options.machine = machine;
    options.fuse = fuse;
    options.integer = mode == EngineMode::Integer;
    network.executable = Executable::compile(std::move(runs), options);
    job.checkpoint(1.0, "compiled");
    return network;
}

}  // namespace bitlathe
