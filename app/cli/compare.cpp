#include "core/workflow/compare.h"

#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include "core/workflow/load.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <iostream>

namespace bitlathe::cli {

namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json toJson(const Comparison& c) {
    Json layers = Json::array();
    for (const LayerComparison& layer : c.layers)
        layers.push_back({{"a", layer.nameA}, {"b", layer.nameB}, {"matchedBy", layer.matchedBy}, {"storedA", layer.storedA}, {"storedB", layer.storedB},
                          {"bytesA", layer.bytesA}, {"bytesB", layer.bytesB}, {"sqnrDb", layer.comparable ? number(layer.sqnrDb) : Json(nullptr)},
                          {"exact", layer.comparable && layer.maximum == 0}, {"maximum", layer.comparable ? number(layer.maximum) : Json(nullptr)}});
    Json document = {{"bytesA", c.bytesA}, {"bytesB", c.bytesB}, {"layers", layers}};
    if (c.outputs) {
        document["outputs"] = {{"samples", c.outputs->samples}, {"sqnrDb", number(c.outputs->sqnrDb)}, {"maximum", number(c.outputs->maximum)}, {"agreement", c.outputs->agreement},
                               {"top1A", c.outputs->top1A ? Json(*c.outputs->top1A) : Json(nullptr)}, {"top1B", c.outputs->top1B ? Json(*c.outputs->top1B) : Json(nullptr)}};
    }
    return document;
}

void print(const Comparison& c) {
    TextTable table({{"Layer of A"}, {"Layer of B"}, {"A"}, {"B"}, {"Size A", Align::Right}, {"Size B", Align::Right}, {"SQNR dB", Align::Right}, {"Largest error", Align::Right}});
    for (const LayerComparison& layer : c.layers)
        table.add({layer.nameA.empty() ? "–" : layer.nameA, layer.nameB.empty() ? "–" : layer.nameB == layer.nameA ? "same name" : layer.nameB, layer.storedA, layer.storedB,
                   bytesText(static_cast<double>(layer.bytesA)), bytesText(static_cast<double>(layer.bytesB)), layer.comparable ? fixedText(layer.sqnrDb, 1) : "–",
                   layer.comparable ? fixedText(layer.maximum, 6) : "–"});
    std::cout << table.text() << "\nlayers " << bytesText(static_cast<double>(c.bytesA)) << " against " << bytesText(static_cast<double>(c.bytesB)) << "\n";
    if (!c.outputs) return;
    std::cout << "outputs on " << c.outputs->samples << " samples: SQNR " << fixedText(c.outputs->sqnrDb, 1) << " dB, largest difference " << c.outputs->maximum
              << ", same highest output on " << fixedText(c.outputs->agreement * 100, 2) << " %\n";
    if (!c.outputs->note.empty()) std::cout << "note: " << c.outputs->note << "\n";
    if (c.outputs->top1A) std::cout << "top-1 " << fixedText(*c.outputs->top1A * 100, 2) << " % against " << fixedText(*c.outputs->top1B * 100, 2) << " %\n";
}

}  // namespace

Action compareCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string a, b, data, preprocess;
    };
    auto options = std::make_shared<Options>();
    app.add_option("A", options->a, "The first model, the reference")->required();
    app.add_option("B", options->b, "The second model")->required();
    app.add_option("--data", options->data, "Compare the outputs on this data too");
    app.add_option("--preprocess", options->preprocess, "A JSON file that says how raw samples are prepared");
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        JobContext first = session.job().part(0.0, 0.1), second = session.job().part(0.1, 0.2), comparing = session.job().part(0.2, 1.0);
        const auto a = loadModel(options->a, session.machine(), first), b = loadModel(options->b, session.machine(), second);
        std::optional<Dataset> data;
        if (!options->data.empty()) data = openDataset(options->data);
        const std::string preprocessing = options->preprocess.empty() ? "" : readText(options->preprocess);
        const Comparison result = compareModels(a, b, data ? &*data : nullptr, preprocessing, session.machine(), session.workers(), comparing);
        session.endProgress();
        if (session.json()) printJson(toJson(result));
        else print(result);
        return kDone;
    };
}

}  // namespace bitlathe::cli
