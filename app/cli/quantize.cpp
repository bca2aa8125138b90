#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/project_input.h"
#include "app/cli/quantization_options.h"
#include "app/cli/text_table.h"

#include "core/formats/gguf/imatrix.h"
#include "core/quant/code_entropy.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/sources.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace bitlathe::cli {

namespace {

std::string_view nameOf(Issue::Level level) {
    switch (level) {
    case Issue::Level::Note: return "note";
    case Issue::Level::Warning: return "warning";
    case Issue::Level::Error: return "error";
    }
    return "";
}

Json toJson(const Model& model, const ExportPlan& plan, const std::string& output, std::int64_t fileBytes, Workers& workers) {
    Json layers = Json::array(), issues = Json::array();
    if (plan.quantized)
        for (const LayerOutcome& outcome : plan.quantized->layers) {
            layers.push_back({{"name", model.layers[outcome.layer].name}, {"asked", shortText(outcome.asked)}, {"got", shortText(outcome.got)}, {"reason", outcome.reason}});
            if (!outcome.weights || outcome.weights->codes.count() == 0) continue;
            const CodeEntropy entropy = codeEntropy(*outcome.weights, workers);
            layers.back().update({{"bytes", storedBytes(outcome.weights->layout, outcome.weights->spec)}, {"entropyBitsPerCode", entropy.bitsPerCode}, {"huffmanBytes", entropy.huffmanBytes}});
        }
    for (const Issue& issue : plan.issues)
        issues.push_back({{"level", nameOf(issue.level)}, {"layer", issue.layer}, {"message", issue.message}, {"cure", issue.cure}});
    return {{"output", output.empty() ? Json(nullptr) : Json(output)}, {"fileBytes", output.empty() ? Json(nullptr) : Json(fileBytes)},
            {"bytesBefore", plan.bytesBefore}, {"bytesAfter", plan.bytesAfter}, {"bitsPerWeight", plan.bitsPerWeight}, {"storedBitsPerWeight", plan.storedBitsPerWeight}, {"layers", layers}, {"issues", issues}};
}

// Issues that say the same of several layers are one line: "conv1, conv2, conv3 and 12 more: …".
void printIssues(const std::vector<Issue>& issues) {
    constexpr std::size_t kNamed = 3;
    std::vector<bool> said(issues.size(), false);
    for (std::size_t i = 0; i < issues.size(); ++i) {
        if (said[i]) continue;
        std::string layers;
        std::size_t count = 0;
        for (std::size_t j = i; j < issues.size(); ++j) {
            if (issues[j].level != issues[i].level || issues[j].message != issues[i].message || issues[j].cure != issues[i].cure) continue;
            said[j] = true;
            if (++count <= kNamed && !issues[j].layer.empty()) layers += (layers.empty() ? "" : ", ") + issues[j].layer;
        }
        if (count > kNamed) layers += " and " + std::to_string(count - kNamed) + " more";
        std::cout << nameOf(issues[i].level) << ": " << (layers.empty() ? "" : layers + ": ") << issues[i].message
                  << (issues[i].cure.empty() ? "" : " (" + issues[i].cure + ")") << "\n";
    }
}

void print(const Model& model, const ExportPlan& plan, const std::string& output, std::int64_t fileBytes) {
    if (plan.quantized) {
        TextTable table({{"Layer"}, {"Asked"}, {"Got"}, {"Why"}});
        for (const LayerOutcome& outcome : plan.quantized->layers)
            table.add({model.layers[outcome.layer].name, shortText(outcome.asked), shortText(outcome.got), outcome.reason});
        std::cout << table.text() << "\n";
    }
    printIssues(plan.issues);
    std::cout << "weights " << bytesText(static_cast<double>(plan.bytesBefore)) << " → " << bytesText(static_cast<double>(plan.bytesAfter)) << ", "
              << fixedText(plan.storedBitsPerWeight, 2) << " bits per weight in the file (" << fixedText(plan.bitsPerWeight, 2) << " by the recipe)\n";
    if (!output.empty()) std::cout << "wrote " << output << ", " << bytesText(static_cast<double>(fileBytes)) << "\n";
}

std::shared_ptr<const Importance> importanceFor(const Model& model, const std::string& path, JobContext& job) {
    if (!model.graph.weightsOnly) throw Error(ErrorKind::Usage, "--importance is for GGUF models, whose formats take it; leave it out");
    return std::make_shared<const Importance>(gguf::readImportance(path, job));
}

}  // namespace

Action quantizeCommand(CLI::App& app, CommonOptions& common) {
    struct Options {
        std::string model, output, target, importance;
        bool dryRun = false;
        QuantizationOptions quantization;
    };
    auto options = std::make_shared<Options>();
    app.add_option("MODEL", options->model, "The model file, or a project: then its recipe, data and target are meant")->required();
    app.add_option("-o,--output", options->output, "The file to write");
    addQuantizationOptions(app, options->quantization, false);
    app.add_option("--target", options->target, "Who will run the file: see 'list targets'; the first that takes the model where nothing else is said");
    app.add_option("--importance,--imatrix", options->importance, "A file of llama.cpp's imatrix (.dat or GGUF; 'importance' makes one): how much each column of a weight matters");
    app.add_flag("--dry-run", options->dryRun, "Say what would be written, and write nothing");
    app.add_flag("--json", common.json, "Print one JSON document");
    return [options](Session& session) -> int {
        if (options->output.empty() && !options->dryRun) throw Error(ErrorKind::Usage, "where to? Give -o OUT, or --dry-run");
        ExportRequest request;
        JobContext loading = session.job().part(0.0, 0.1), calibrating = session.job().part(0.1, 0.7), writing = session.job().part(0.7, 1.0);
        const bool given = !options->quantization.recipe.empty() || !options->quantization.preset.empty() || !options->quantization.codec.empty();
        auto recipe = given ? chosenRecipe(options->quantization, nullptr) : std::nullopt;  // a refusal costs no loading
        request.model = loadInput(options->model, options->quantization, session, loading);
        options->quantization.withImportance = !options->importance.empty();
        recipe = chosenRecipe(options->quantization, request.model.get());
        if (!recipe) throw Error(ErrorKind::Usage, "how? Give --recipe R.json, --preset NAME or --codec NAME; 'list presets' and 'list codecs' name them");
        if (const std::string ignored = ignoredText(options->quantization, *recipe); !ignored.empty()) session.note("note: " + ignored);
        auto sources = sourcesOf(options->quantization);
        sources.push_back(options->importance);
        if (!options->dryRun) refuseOverwriting(options->output, request.model.get(), sources);
        if (!options->importance.empty()) request.importance = importanceFor(*request.model, options->importance, loading);
        request.recipe = *recipe;
        const bool projectsTarget = options->target.empty() && options->quantization.project;
        request.target = projectsTarget ? options->quantization.project->state.target : options->target;
        request.path = options->output;
        if (takesRanges(request)) request.ranges = chosenRanges(request.model, recipe, options->quantization, session, calibrating);
        if (!request.ranges.empty()) request.calibrationSha256 = dataSha256(calibrationOf(options->quantization).data, calibrating);
        if (options->dryRun) {
            const ExportPlan plan = planExport(request, session.workers(), writing);
            session.endProgress();
            if (session.json()) printJson(toJson(*request.model, plan, "", 0, session.workers()));
            else print(*request.model, plan, "", 0);
            for (const Issue& issue : plan.issues)
                if (issue.level == Issue::Level::Error) return kRecipeImpossible;
            return kDone;
        }
        const ExportResult result = exportModel(request, session.workers(), writing);
        session.endProgress();
        if (session.json()) printJson(toJson(*request.model, result.plan, options->output, result.fileBytes, session.workers()));
        else if (!session.quiet()) print(*request.model, result.plan, options->output, result.fileBytes);
        return kDone;
    };
}

}  // namespace bitlathe::cli
