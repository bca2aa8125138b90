#include "app/cli/quantization_options.h"

#include "app/cli/project_input.h"

#include "core/base/mapped_file.h"
#include "core/engine/fuse_integer.h"
#include "core/language/architecture.h"
#include "core/quant/codec.h"
#include "core/quant/recipe_json.h"
#include "core/quant/user_table.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/kept_calibration.h"
#include "core/workflow/language.h"
#include "core/workflow/load.h"
#include "core/workflow/model_presets.h"
#include "core/workflow/samples.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace bitlathe::cli {

void addQuantizationOptions(CLI::App& app, QuantizationOptions& options, bool engine) {
    auto* recipe = app.add_option("--recipe", options.recipe, "A recipe file (JSON)");
    auto* preset = app.add_option("--preset", options.preset, "A recipe that ships: see 'list presets'")->excludes(recipe);
    auto* codec = app.add_option("--codec", options.codec, "Weights alone, all in this number format: see 'list codecs'")->excludes(recipe)->excludes(preset);
    app.add_option("--bits", options.bits, "Bits of that format, where it has several widths")->needs(codec);
    app.add_option("--table", options.table, "A file of 2 to 256 levels: the format of all weights that are quantized");
    app.add_option("--range", options.range, "The range rule of all weights that are quantized: minmax, percentile:99.9, leastError:2.4, entropy, aciq:laplace, adaptive:cosine, manual:-1:1");
    app.add_option("--knee", options.knee, "Soft clip of all weights that are quantized: the share of the range that bends, 0 (hard) to 1")->check(CLI::Range(0.0, 1.0));
    app.add_option("--calibration", options.calibration, "Data that the ranges of activations are learned from");
    app.add_option("--calibration-samples", options.calibrationSamples, "So many of them, picked by --split-seed; 0 for all, or a fifth and at most 500 where data is split")->check(CLI::NonNegativeNumber);
    app.add_flag("--split", options.split, "Learn from a part of the calibration data alone; evaluate --data on the same data measures the others");
    app.add_option("--split-seed", options.splitSeed, "Picks which samples calibrate; 1 where nothing is said");
    app.add_option("--preprocess", options.preprocess, "A JSON file that says how raw samples are prepared");
    if (engine) app.add_option("--engine", options.engine, "float, simulated or integer")->check(CLI::IsMember({"float", "simulated", "integer"}));
}

void addCacheOptions(CLI::App& app, QuantizationOptions& options) {
    app.add_option("--kv-k,--keys", options.cacheKeys, "How the cache holds keys: f32, f16, int8 or int4; of some blocks alone: 0-3=f16,4-=int4")->group("Language models");
    app.add_option("--kv-v,--values", options.cacheValues, "How the cache holds values: the same")->group("Language models");
}

std::string readText(const std::string& path) {
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> sourcesOf(const QuantizationOptions& options) {
    return {options.recipe, options.calibration, options.preprocess, options.table, options.project ? options.project->store->path().string() : std::string()};
}

std::shared_ptr<const Model> loadInput(const std::string& path, QuantizationOptions& options, Session& session, JobContext& job) {
    options.project = openProject(path, session);
    if (!options.project) return loadModel(path, session.machine(), job);
    const ProjectState& state = options.project->state;
    const bool given = !options.calibration.empty();
    if (!given) options.calibration = state.calibrationData;
    if (options.measuredOn.empty() && !given) options.measuredOn = state.evaluationData;
    if (options.calibrationSamples == 0 && !given) options.calibrationSamples = state.calibrationSamples;
    if (!options.splitSeed) options.splitSeed = static_cast<std::uint64_t>(state.splitSeed);
    return modelOf(*options.project, session, job);
}

namespace {

Recipe recipeOfCodec(const QuantizationOptions& options) {
    const Codec* codec = findCodec(options.codec);
    if (!codec) throw Error(ErrorKind::Usage, "there is no number format '" + options.codec + "'; 'list codecs' names them");
    Recipe recipe;
    QuantSpec spec;
    spec.codec = options.codec;
    spec.bits = options.bits > 0 ? options.bits : std::clamp(8, codec->minBits, codec->maxBits);
    recipe.defaults.weights = spec;
    recipe.name = formatName(spec);
    return recipe;
}

std::optional<Recipe> namedRecipe(const QuantizationOptions& options, const Model* model) {
    if (!options.recipe.empty()) return recipeFromJson(readText(options.recipe), options.recipe);
    if (!options.codec.empty()) return recipeOfCodec(options);
    if (options.preset.empty()) return options.project ? std::optional(*options.project->state.recipe()) : std::nullopt;
    if (const Preset* preset = findModelPreset(options.preset)) return model ? recipeFor(*preset, *model, options.withImportance) : preset->recipe;
    std::string names;
    for (const Preset& preset : modelPresets()) names += (names.empty() ? "" : ", ") + std::string(preset.name);
    throw Error(ErrorKind::Usage, "there is no preset '" + options.preset + "'; there are " + names);
}

// One JSON value of a recipe's range from "name:value".
std::string rangeJson(const std::string& text) {
    if (text.empty() || text.front() == '{') return text;
    const auto colon = text.find(':');
    const std::string name = text.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (name == "minmax") return value.empty() ? "\"minmax\"" : text;
    if (value.empty()) value = name == "movingAverage" ? "0.01" : name == "percentile" ? "99.99" : name == "leastError" ? "2" : name == "entropy" ? "{}" : name == "aciq" ? "auto" : name == "adaptive" ? "squaredError" : "null";
    if (name == "manual") {
        const auto second = value.find(':');
        if (second != std::string::npos) value = "[" + value.substr(0, second) + "," + value.substr(second + 1) + "]";
    }
    const bool word = name == "aciq" || name == "adaptive";
    return "{\"" + name + "\": " + (word ? "\"" + value + "\"" : value) + "}";
}

// What the number of a rule may be; empty for rules without one.
std::string spanOf(const std::string& text) {
    const std::string name = text.substr(0, text.find(':'));
    if (name == "movingAverage") return name + " takes above 0 to 1; ";
    if (name == "percentile") return name + " takes above 50 to 100; ";
    if (name == "leastError") return name + " takes above 0 to 16; ";
    return "";
}

}  // namespace

RangeRule rangeFromText(const std::string& text) {
    const std::string json = rangeJson(text);
    try {
        if (json.find_first_of("\n\\") == std::string::npos && !json.empty())
            return recipeFromJson(R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 8, "range": )" + json + "}}}", "--range").defaults.weights->range;
    } catch (const Error&) {
        // The message speaks of a recipe, which there is none of here.
    }
    throw Error(ErrorKind::Usage, "'" + text + "' is no range rule; " + spanOf(text) + "there are minmax, movingAverage:0.01, percentile:99.9, leastError:2, entropy, aciq (or aciq:gaussian, aciq:laplace), "
                                      "adaptive (or adaptive:squaredError, adaptive:norm2.4, adaptive:cosine, adaptive:maxError, adaptive:divergence) and manual:-1:1");
}

std::optional<Recipe> chosenRecipe(const QuantizationOptions& options, const Model* model) {
    std::optional<Recipe> recipe = namedRecipe(options, model);
    if (options.table.empty() && options.range.empty() && options.knee < 0) return recipe;
    if (!recipe) recipe.emplace().defaults.weights.emplace();
    const std::vector<float> table = options.table.empty() ? std::vector<float>() : tableFromText(readText(options.table), options.table);
    if (const std::string problem = table.empty() ? "" : tableProblem(table, bitsForTable(table.size())); !problem.empty())
        throw Error(ErrorKind::Usage, "table '" + options.table + "': " + problem);
    const std::optional<RangeRule> range = options.range.empty() ? std::nullopt : std::optional<RangeRule>(rangeFromText(options.range));
    const auto change = [&](Scheme& scheme) {
        if (!scheme.weights) return;
        QuantSpec& weights = *scheme.weights;
        if (!table.empty()) {
            weights.codec = "table";
            weights.bits = bitsForTable(table.size());
            weights.table = table;
        }
        if (range) weights.range = *range;
        if (options.knee >= 0) weights.knee = options.knee;
    };
    change(recipe->defaults);
    for (Rule& rule : recipe->rules) change(rule.scheme);
    for (auto& [name, scheme] : recipe->layers) change(scheme);
    return recipe;
}

CacheChoice chosenCache(const QuantizationOptions& options, CacheChoice choice, const Model& model) {
    if (!options.choosesCache()) return choice;
    const auto spec = describeLanguage(model);
    if (!spec || spec->encoder) throw Error(ErrorKind::Usage, "--kv-k and --kv-v are for models that continue texts: this one keeps no keys and values; leave them out");
    if (!options.cacheKeys.empty()) choice = withCacheLine(std::move(choice), CacheSide::Keys, options.cacheKeys, spec->layers);
    if (!options.cacheValues.empty()) choice = withCacheLine(std::move(choice), CacheSide::Values, options.cacheValues, spec->layers);
    return choice;
}

std::string ignoredText(const QuantizationOptions& options, const Recipe& recipe) {
    std::string formats;
    if (options.range.empty()) return {};
    const auto look = [&](const Scheme& scheme) {
        const Codec* codec = scheme.weights ? findCodec(scheme.weights->codec) : nullptr;
        if (!codec || codec->takesRange) return;
        if (const std::string name(codec->label); formats.find(name) == std::string::npos) formats += (formats.empty() ? "" : ", ") + name;
    };
    look(recipe.defaults);
    for (const Rule& rule : recipe.rules) look(rule.scheme);
    for (const auto& [name, scheme] : recipe.layers) look(scheme);
    if (formats.empty()) return {};
    return "--range changes nothing for " + formats + ": the format searches its own ranges, block by block";
}

std::string preprocessingOf(const QuantizationOptions& options, const std::optional<Recipe>& recipe) {
    if (!options.preprocess.empty()) return readText(options.preprocess);
    return recipe ? recipe->preprocessing : std::string();
}

CalibrationChoice calibrationOf(const QuantizationOptions& options) {
    CalibrationChoice choice = chooseCalibration(options.calibration, options.measuredOn, options.calibrationSamples, options.splitSeed.value_or(CalibrationChoice::kSeed));
    choice.split = choice.split || options.split;
    return choice;
}

ActivationRanges chosenRanges(std::shared_ptr<const Model> model, const std::optional<Recipe>& recipe, const QuantizationOptions& options,
                              Session& session, JobContext& job) {
    if (!recipe || !needsCalibration(*model, *recipe)) return {};
    const CalibrationChoice choice = calibrationOf(options);
    if (choice.data.empty())
        throw Error(ErrorKind::Usage, "the recipe quantizes activations, whose ranges must be learned: give --calibration DATA, or a recipe for weights alone such as --preset int8-weights");
    if (options.calibration.empty()) session.note("note: no calibration data was given: a part of '" + choice.data + "' calibrates, and only the others are measured");
    const CalibrationWork work{std::move(model), *recipe, choice, preprocessingOf(options, recipe)};
    const KeptCalibration kept = calibrateKept(work, options.project ? options.project->store.get() : nullptr, session.machine(), session.workers(), job);
    if (!kept.note.empty()) session.note("note: " + kept.note);
    if (const std::string taken = takenText(kept.ranges); !taken.empty()) session.note("note: ranges of activations: " + taken);
    return kept.ranges;
}

PreparedRun prepareRun(const std::string& modelPath, const QuantizationOptions& given, Session& session, bool fuse, bool language) {
    PreparedRun prepared;
    QuantizationOptions options = given;
    JobContext loading = session.job().part(0.0, 0.05), calibrating = session.job().part(0.05, 0.3), compiling = session.job().part(0.3, 0.35);
    if (!given.recipe.empty() || !given.preset.empty()) prepared.recipe = chosenRecipe(options, nullptr);  // a refusal costs no loading
    prepared.model = loadInput(modelPath, options, session, loading);
    prepared.recipe = chosenRecipe(options, prepared.model.get());
    if (!options.engine.empty()) prepared.mode = *engineModeFromName(options.engine);
    else prepared.mode = prepared.recipe ? EngineMode::Integer : EngineMode::Float;
    if (language && prepared.model->graph.weightsOnly) {
        const LanguageNetwork made = prepared.recipe ? prepareLanguage(prepared.model, *prepared.recipe, nullptr, prepared.mode, session.machine(), session.workers(), compiling)
                                                     : prepareLanguage(prepared.model, prepared.mode, session.machine());
        for (const std::string& note : made.notes) session.note("note: " + note);
        prepared.executable = made.executable;
        return prepared;
    }
    if (const std::string ignored = prepared.recipe ? ignoredText(options, *prepared.recipe) : std::string(); !ignored.empty()) session.note("note: " + ignored);
    ActivationRanges ranges;
    if (prepared.recipe && needsCalibration(*prepared.model, *prepared.recipe)) prepared.calibration = calibrationOf(options);
    if (prepared.mode != EngineMode::Float) ranges = chosenRanges(prepared.model, prepared.recipe, options, session, calibrating);
    prepared.network = prepareNetwork(prepared.model, prepared.recipe ? &*prepared.recipe : nullptr, ranges, prepared.mode, fuse,
                                      session.machine(), session.workers(), compiling);
    prepared.executable = prepared.network.executable;
    const auto& nodes = prepared.model->graph.nodes;
    if (prepared.mode != EngineMode::Float && !prepared.recipe &&
        std::none_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.op.ends_with("QuantizeLinear") || computesOnCodes(node.op); }))
        session.note("note: '" + modelPath + "' has no quantized activations: it runs in float; give --recipe or --preset to quantize it");
    return prepared;
}

}  // namespace bitlathe::cli
