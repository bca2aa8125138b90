#include "core/workflow/duel.h"

#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include "core/model/model.h"
#include "core/quant/rule_match.h"
#include "core/workflow/duel_formats.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

namespace bitlathe::cli {

namespace {

struct Options {
    std::string model, layer, recipe, preset, sort = "bytes";
    std::vector<std::string> formats;
};

std::vector<std::size_t> layersNamed(const Model& model, const std::string& pattern) {
    std::vector<std::size_t> found;
    std::string note;
    bool any = false;
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
        if (!globMatches(pattern, model.layers[i].name)) continue;
        any = true;
        note = model.layers[i].note;
        if (model.layers[i].quantizable) found.push_back(i);
    }
    if (found.empty() && any) throw Error(ErrorKind::Usage, "'" + pattern + "' cannot be quantized" + (note.empty() ? "" : ": " + note));
    if (found.empty()) throw Error(ErrorKind::Usage, "there is no layer '" + pattern + "'; 'bitlathe-cli inspect " + model.name + "' lists them");
    return found;
}

// Refuses a format that cannot be, before anything is measured.
void check(const Model& model, const QuantSpec& spec, const std::vector<std::size_t>& layers) {
    Recipe asked;
    asked.defaults.weights = spec;
    for (const Issue& issue : validate(asked, model))
        for (const std::size_t layer : layers)
            if (issue.level == Issue::Level::Error && (issue.layer.empty() || issue.layer == model.layers[layer].name))
                throw Error(ErrorKind::Recipe, duelLabel(spec) + ": " + issue.message + (issue.cure.empty() ? "" : "; " + issue.cure));
}

void sort(std::vector<DuelRow>& rows, const std::string& by) {
    if (by == "given") return;
    std::stable_sort(rows.begin(), rows.end(), [&](const DuelRow& a, const DuelRow& b) {
        if (a.measured() != b.measured()) return a.measured();
        if (by == "error") return a.rootMeanSquare != b.rootMeanSquare ? a.rootMeanSquare < b.rootMeanSquare : a.bytes < b.bytes;
        return a.bytes != b.bytes ? a.bytes < b.bytes : a.rootMeanSquare < b.rootMeanSquare;
    });
}

Json toJson(const std::vector<DuelRow>& rows, const Model& model, const std::vector<std::size_t>& layers) {
    Json names = Json::array(), formats = Json::array();
    for (const std::size_t layer : layers) names.push_back(model.layers[layer].name);
    for (const DuelRow& row : rows)
        formats.push_back({{"format", row.label}, {"codec", row.spec.codec}, {"bits", row.spec.bits}, {"bytes", row.bytes}, {"bitsPerWeight", row.bitsPerWeight},
                           {"sqnrDb", std::isfinite(row.sqnrDb) ? Json(row.sqnrDb) : Json(nullptr)}, {"rootMeanSquare", row.rootMeanSquare}, {"exact", row.exact()},
                           {"front", row.front}, {"seconds", row.seconds ? Json(*row.seconds) : Json(nullptr)}, {"failure", row.failure.empty() ? Json(nullptr) : Json(row.failure)}});
    return {{"layers", names}, {"weights", rows.empty() ? 0 : rows.front().weights}, {"formats", formats}};
}

void print(const std::vector<DuelRow>& rows, const Model& model, const std::vector<std::size_t>& layers) {
    std::cout << (layers.size() == 1 ? model.layers[layers[0]].name : std::to_string(layers.size()) + " layers together") << ", "
              << countText(rows.empty() ? 0 : double(rows.front().weights)) << " weights; * no other is smaller and better\n\n";
    TextTable table({{""}, {"Format"}, {"Size", Align::Right}, {"Bits/weight", Align::Right}, {"SQNR dB", Align::Right}, {"RMS error", Align::Right}, {"Time ms", Align::Right}});
    for (const DuelRow& row : rows) {
        if (!row.failure.empty()) {
            table.add({"", row.label, "–", "–", "–", row.failure, "–"});
            continue;
        }
        char error[32];
        std::snprintf(error, sizeof error, "%.3g", row.rootMeanSquare);
        table.add({row.front ? "*" : "", row.label, bytesText(double(row.bytes)), fixedText(row.bitsPerWeight, 2), fixedText(row.sqnrDb, 1), error,
                   row.seconds ? fixedText(*row.seconds * 1000, 1) : "–"});
    }
    std::cout << table.text();
}

}  // namespace

Action duelCommand(CLI::App& app, CommonOptions& common) {
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The model file, or a project: then its recipe's choice takes part, where no formats and no other recipe are given")->required();
    app.add_option("--layer", options->layer, "The layer; with * and ? several, which are summed")->required();
    app.add_option("--formats", options->formats, "Formats, separated by commas: 'int4 group 128,nf4 group 64,kmeans4,log2-4,q4_k'; a plain name of 'list codecs' has 4 bits, or the nearest that it takes; without it the usual ones")->delimiter(',');
    auto* recipe = app.add_option("--recipe", options->recipe, "A recipe file (JSON) whose choice for the layer takes part");
    app.add_option("--preset", options->preset, "A recipe that ships, likewise: see 'list presets'")->excludes(recipe);
    app.add_option("--sort", options->sort, "bytes, error or given")->check(CLI::IsMember({"bytes", "error", "given"}));
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        // Words first: a misspelt format needs no model.
        std::vector<QuantSpec> specs;
        for (const std::string& format : options->formats) specs.push_back(specFromText(format));
        JobContext loading = session.job().part(0, 0.1), measuring = session.job().part(0.1, 1);
        QuantizationOptions quantization;
        quantization.recipe = options->recipe;
        quantization.preset = options->preset;
        const auto model = loadInput(options->model, quantization, session, loading);
        if (!specs.empty()) quantization.project = nullptr;  // these formats, and no other
        const auto layers = layersNamed(*model, options->layer);
        std::optional<QuantSpec> current;
        if (const auto chosen = chosenRecipe(quantization, model.get())) current = schemeFor(*chosen, *model, layers.front()).weights;
        if (specs.empty()) specs = duelContenders(current);
        else if (current && std::find(specs.begin(), specs.end(), *current) == specs.end()) specs.insert(specs.begin(), *current);
        for (const QuantSpec& spec : specs) check(*model, spec, layers);
        AnalyzeOptions exactly{.sampleWeights = 0, .isa = session.machine().isa};
        auto rows = duel({layers.size(), [&](std::size_t i) { return weightSource(*model, layers[i]); }}, specs, exactly, nullptr, session.workers(), measuring);
        sort(rows, options->sort);
        session.endProgress();
        if (session.json()) printJson(toJson(rows, *model, layers));
        else print(rows, *model, layers);
        return kDone;
    };
}

}  // namespace bitlathe::cli
