// The options that say how a model is quantized, shared by run, evaluate, bench, quantize and compare.
#pragma once

#include "app/cli/command.h"

#include "core/data/dataset.h"
#include "core/workflow/calibration_choice.h"
#include "core/workflow/network.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bitlathe::cli {

struct ProjectInput;

struct QuantizationOptions {
    std::string recipe, preset, codec, calibration, preprocess, engine;
    int bits = 0;  // of the codec; 0: its only width, or 8
    std::string table, range;  // a file of levels; a range rule: for all weights that are quantized
    double knee = -1;          // soft clip; below 0: as the recipe says
    std::int64_t calibrationSamples = 0;
    std::optional<std::uint64_t> splitSeed;  // which samples calibrate
    bool split = false;                      // of the calibration data only a part calibrates, as where it is measured on too
    std::string cacheKeys, cacheValues;      // how a language model holds them: core/quant/cache_choice.h
    bool choosesCache() const noexcept { return !cacheKeys.empty() || !cacheValues.empty(); }
    bool withImportance = false;             // not an option here: the command has an importance file, which mixtures heed
    std::string measuredOn;                  // not an option: the data that the command measures on
    std::shared_ptr<ProjectInput> project;  // where the input is one; see loadInput()
};

// With `engine`, the option --engine too.
void addQuantizationOptions(CLI::App& app, QuantizationOptions& options, bool engine);

// --kv-k and --kv-v, for the commands that run language models.
void addCacheOptions(CLI::App& app, QuantizationOptions& options);

// The model, or the project's model: then its recipe and its calibration data stand in for what is not given.
std::shared_ptr<const Model> loadInput(const std::string& path, QuantizationOptions& options, Session& session, JobContext& job);

// "percentile:99.9", "leastError:2.4", "aciq:laplace", "adaptive", "manual:-1:1", or the JSON of a recipe's range.
// Throws Error(Usage) with what there is.
RangeRule rangeFromText(const std::string& text);

// The recipe named by --recipe, --preset or --codec, else the project's, or 8-bit weights where --table, --range or --knee stand
// alone; changed by these three. Nothing when there is none. model: null before it is known; named mixtures are then their
// base type for every layer. Throws Error.
std::optional<Recipe> chosenRecipe(const QuantizationOptions& options, const Model* model);

// The choice as --kv-k and --kv-v change it. Throws Error(Usage) for what they cannot mean in this model.
CacheChoice chosenCache(const QuantizationOptions& options, CacheChoice choice, const Model& model);

// What of the options changes nothing in the recipe, as a sentence; mostly empty.
std::string ignoredText(const QuantizationOptions& options, const Recipe& recipe);

// The JSON that maps raw samples: --preprocess, else the recipe's; empty: what stands beside the data.
std::string preprocessingOf(const QuantizationOptions& options, const std::optional<Recipe>& recipe);

// The ranges that the recipe needs, from the project where it learned them, else from --calibration; empty when it needs none. Throws Error(Usage) when it
// needs some and no data was given.
ActivationRanges chosenRanges(std::shared_ptr<const Model> model, const std::optional<Recipe>& recipe, const QuantizationOptions& options,
                              Session& session, JobContext& job);

// Which samples calibrate, by the options and the project.
CalibrationChoice calibrationOf(const QuantizationOptions& options);

struct PreparedRun {
    std::shared_ptr<const Model> model;
    std::optional<Recipe> recipe;
    EngineMode mode = EngineMode::Float;
    Network network;
    std::shared_ptr<const Executable> executable;
    CalibrationChoice calibration;  // what the ranges were learned from; without data where none were

    // Of what runs: a language model's file holds none.
    const Graph& graph() const noexcept { return model->graph.weightsOnly ? executable->graph() : model->graph; }
};
// Loads the model, calibrates where needed, and compiles. Without --engine: integer where there is a recipe, else
// float, in which a quantized file runs as it stands. `language`: a model of weights that says that it is a language model
// runs as one; its inputs and outputs are those of core/language/network.h.
PreparedRun prepareRun(const std::string& modelPath, const QuantizationOptions& options, Session& session, bool fuse, bool language = false);

// The files and folders that these options name; unused ones are empty.
std::vector<std::string> sourcesOf(const QuantizationOptions& options);

std::string readText(const std::string& path);

}  // namespace bitlathe::cli
