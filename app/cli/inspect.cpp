#include "app/cli/command.h"
#include "app/cli/explain.h"
#include "app/cli/inspect_language.h"
#include "app/cli/json_output.h"
#include "app/cli/layer_figures.h"
#include "app/cli/project_input.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/imatrix.h"
#include "core/workflow/load.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace bitlathe::cli {

namespace {

std::string shapeText(const Value& value) {
    if (!value.shape) return "unknown shape";
    std::string text;
    for (const Dim& dim : *value.shape)
        text += (text.empty() ? "" : " × ") + (dim.extent >= 0 ? std::to_string(dim.extent) : dim.symbol.empty() ? "?" : dim.symbol);
    return text.empty() ? "scalar" : text;
}

Json valueJson(const Value& value) {
    Json shape = nullptr;
    if (value.shape) {
        shape = Json::array();
        for (const Dim& dim : *value.shape) {
            if (dim.extent >= 0) shape.push_back(dim.extent);
            else shape.push_back(dim.symbol.empty() ? Json(nullptr) : Json(dim.symbol));
        }
    }
    return {{"name", value.name}, {"type", value.type ? Json(nameOf(*value.type)) : Json(nullptr)}, {"shape", shape}};
}

bool isMissing(const Model& model, const Layer& layer, const Importance* importance) {
    return importance && layer.quantizable && importance->of(model.graph.value(layer.weight).name).empty();
}

// What a person should know of the layer: the reader's note, weights that are no numbers, and that importance is missing.
std::string noteOf(const Model& model, const Layer& layer, const Importance* importance) {
    std::string note = layer.note;
    const auto add = [&](const std::string& more) { note += (note.empty() || more.empty() ? "" : "; ") + more; };
    add(notFiniteText(notFiniteWeights(model, layer)));
    add(isMissing(model, layer, importance) ? "not in the importance file" : "");
    return note;
}

Json toJson(const Model& model, const Importance* importance) {
    Json inputs = Json::array(), outputs = Json::array(), layers = Json::array();
    for (const ValueId id : model.graph.inputs) inputs.push_back(valueJson(model.graph.value(id)));
    for (const ValueId id : model.graph.outputs) outputs.push_back(valueJson(model.graph.value(id)));
    for (const Layer& layer : model.layers)
        layers.push_back({{"name", layer.name}, {"kind", nameOf(layer.kind)}, {"shape", layer.shape.dims()}, {"parameters", layer.parameters},
                          {"bytes", layer.bytes}, {"runnable", isRunnable(model, layer)}, {"note", noteOf(model, layer, importance)}, {"op", layer.op},
                          {"storedAs", layer.storedAs}, {"quantizable", layer.quantizable}});
    return {{"format", model.format}, {"inputs", inputs}, {"outputs", outputs}, {"layers", layers}, {"name", model.name},
            {"producer", model.producer}, {"missingOperators", model.graph.weightsOnly ? std::vector<std::string>() : missingOperators(model)}, {"notes", model.notes}};
}

void print(const Model& model, const Importance* importance, Session& session) {
    std::cout << model.name << ": " << model.format << (model.producer.empty() ? "" : ", by " + model.producer) << "\n";
    for (const ValueId id : model.graph.inputs) std::cout << "input   " << model.graph.value(id).name << "  " << shapeText(model.graph.value(id)) << "\n";
    for (const ValueId id : model.graph.outputs) std::cout << "output  " << model.graph.value(id).name << "  " << shapeText(model.graph.value(id)) << "\n";
    std::cout << languageText(model, session) << "\n";
    TextTable table({{"Layer"}, {"Kind"}, {"Shape"}, {"Parameters", Align::Right}, {"Size", Align::Right}, {"Stored as"}, {"Note"}});
    double parameters = 0, bytes = 0;
    for (const Layer& layer : model.layers) {
        table.add({layer.name, std::string(nameOf(layer.kind)), toText(layer.shape), countText(static_cast<double>(layer.parameters)),
                   bytesText(static_cast<double>(layer.bytes)), layer.storedAs, layer.node < 0 || isRunnable(model, layer) ? noteOf(model, layer, importance) : "cannot be run: no operator " + layer.op});
        parameters += static_cast<double>(layer.parameters);
        bytes += static_cast<double>(layer.bytes);
    }
    if (model.layers.empty())
        for (const auto& [key, value] : model.metadata) std::cout << key << "  " << value << "\n";
    std::cout << (model.layers.empty() ? std::string() : table.text()) << "\n" << model.layers.size() << " layers, " << countText(parameters) << " parameters, " << bytesText(bytes) << "\n";
    for (const std::string& missing : model.graph.weightsOnly ? std::vector<std::string>() : missingOperators(model)) std::cout << "cannot be run here: " << missing << "\n";
    for (const std::string& note : model.notes) std::cout << "note: " << note << "\n";
}

}  // namespace

namespace {

// A file with a vocabulary alone is no model, and can be looked at all the same.
std::shared_ptr<const Model> openForLooking(const std::string& path, Session& session, JobContext& job) {
    std::error_code none;
    if (std::filesystem::is_regular_file(path, none))
        if (auto alone = gguf::vocabularyAlone(path, job)) return std::make_shared<const Model>(std::move(*alone));
    return loadModel(path, session.machine(), job);
}

}  // namespace

Action inspectCommand(CLI::App& app, CommonOptions& common) {
    auto path = std::make_shared<std::string>();
    auto explain = std::make_shared<ExplainOptions>();
    auto importanceFile = std::make_shared<std::string>();
    app.add_option("MODEL", *path, "The model file, or a project")->required();
    app.add_flag("--json", common.json, "Print one JSON document");
    app.add_option("--importance", *importanceFile, "A file of llama.cpp's imatrix: names the weights that it does not know");
    auto* layer = app.add_option("--layer", explain->layer, "Explain how this layer's weights are quantized, on one of them; a project's by its recipe, where nothing else is said");
    auto* recipe = app.add_option("--recipe", explain->recipe, "A recipe file (JSON): measure what it does to each layer; with --layer explain it");
    app.add_option("--preset", explain->preset, "The same for a recipe that ships: see 'list presets'")->excludes(recipe);
    app.add_option("--format", explain->format, "With --layer: a number format: see 'list codecs'")->needs(layer);
    app.add_option("--bits", explain->bits, "With --layer: bits per weight")->needs(layer)->check(CLI::Range(1, 16));
    app.add_option("--weight", explain->weight, "With --layer: which weight, counted in the file's order from 0")->needs(layer)->check(CLI::NonNegativeNumber);
    return [path, explain, importanceFile](Session& session) -> int {
        const auto project = openProject(*path, session);
        QuantizationOptions quantization;
        quantization.recipe = explain->recipe;
        quantization.preset = explain->preset;
        auto recipe = explain->layer.empty() ? chosenRecipe(quantization, nullptr) : std::nullopt;
        if (project && explain->layer.empty() && !recipe) {
            inspectProject(*project, session);
            return kDone;
        }
        JobContext loading = session.job().part(0.0, recipe ? 0.2 : 1.0), measuring = session.job().part(0.2, 1.0);
        const auto model = project ? modelOf(*project, session, loading) : openForLooking(*path, session, loading);
        if (recipe) recipe = chosenRecipe(quantization, model.get());
        if (!explain->layer.empty()) {
            ExplainOptions own = *explain;
            own.project = project;
            return explainLayer(*model, own, session);
        }
        std::shared_ptr<const Importance> importance;
        if (!importanceFile->empty()) importance = std::make_shared<const Importance>(gguf::readImportance(*importanceFile, session.job()));
        const LayerFigures figures = recipe ? measureLayers(*model, *recipe, session, measuring) : LayerFigures(model->layers.size());
        session.endProgress();
        if (session.json()) {
            Json document = toJson(*model, importance.get());
            if (model->layers.empty()) {
                document["metadata"] = Json::object();
                for (const auto& [key, value] : model->metadata) document["metadata"][key] = value;
            }
            if (Json language = languageJson(*model, session); !language.is_null()) document["language"] = std::move(language);
            for (std::size_t i = 0; i < figures.size(); ++i)
                if (figures[i]) document["layers"][i]["quantized"] = figuresJson(*figures[i]);
            printJson(document);
        } else {
            print(*model, importance.get(), session);
            if (recipe) printFigures(*model, figures);
        }
        return kDone;
    };
}

}  // namespace bitlathe::cli
