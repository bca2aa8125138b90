#include "app/cli/project_input.h"

#include "app/cli/json_output.h"
#include "app/cli/text_table.h"

#include "core/base/mapped_file.h"
#include "core/project/calibration_record.h"
#include "core/workflow/evaluation_record.h"
#include "core/workflow/kept_calibration.h"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace bitlathe::cli {

namespace fs = std::filesystem;

namespace {

struct Found {
    bool modelThere = false;
    std::vector<KeptEvaluation> evaluations;
    struct Calibration { std::string data; std::size_t values = 0; };
    std::vector<Calibration> calibrations;
    std::size_t reports = 0;
    std::vector<std::string> damaged;
};

Found look(const ProjectInput& project) {
    const ProjectStore& store = *project.store;
    Found found;
    std::error_code none;
    found.modelThere = fs::is_regular_file(project.state.model.path, none);
    found.reports = store.keys("reports/").size();
    for (const std::string& key : store.keys()) {
        try {
            if (key.starts_with("evaluations/")) {
                if (auto kept = evaluationFrom(*store.find(key))) found.evaluations.push_back(std::move(*kept));
            } else if (key.starts_with("calibrations/")) {
                const auto node = store.find(key);
                const auto* data = node->get<std::string>("data");
                const auto* values = node->get<std::vector<std::string>>("values");
                found.calibrations.push_back({data ? *data : std::string(), values ? values->size() : 0});
            }
        } catch (const Error&) {
            found.damaged.push_back(key);
        }
    }
    return found;
}

Json toJson(const ProjectInput& project, const Found& found) {
    const ProjectState& s = project.state;
    Json history = Json::array(), snapshots = Json::array(), evaluations = Json::array(), calibrations = Json::array();
    for (const HistoryStep& step : s.steps) history.push_back(step.label);
    for (const NamedRecipe& snapshot : s.snapshots) snapshots.push_back(snapshot.name);
    for (const KeptEvaluation& kept : found.evaluations)
        evaluations.push_back({{"engine", nameOf(kept.evaluation.mode)}, {"recipe", kept.recipe.name}, {"data", kept.data}, {"samples", kept.evaluation.samples},
                               {"top1", kept.evaluation.labelled ? Json(kept.evaluation.top1) : Json(nullptr)}, {"agreement", kept.evaluation.agreement},
                               {"outputSqnrDb", kept.evaluation.outputSqnrDb}, {"current", kept.recipe == *s.recipe() && (kept.choice.data.empty() || kept.choice == chooseCalibration(s.calibrationData, s.evaluationData, s.calibrationSamples, static_cast<std::uint64_t>(s.splitSeed)))}});
    for (const auto& calibration : found.calibrations) calibrations.push_back({{"data", calibration.data}, {"values", calibration.values}});
    const auto interrupted = interruptedCalibration(*project.store);
    return {{"format", "bitlathe project"}, {"model", {{"path", s.model.path.string()}, {"sha256", s.model.sha256}, {"there", found.modelThere}, {"embedded", hasEmbeddedModel(*project.store)}}},
            {"recipe", s.recipe()->name}, {"history", history}, {"position", s.position}, {"snapshots", snapshots}, {"target", s.target},
            {"calibrationData", s.calibrationData}, {"evaluationData", s.evaluationData}, {"reports", found.reports}, {"calibrations", calibrations}, {"evaluations", evaluations},
            {"interruptedCalibration", interrupted ? Json{{"data", interrupted->data}, {"samples", interrupted->samples}, {"of", interrupted->of}} : Json(nullptr)},
            {"unsaved", project.store->recovered()}, {"damaged", found.damaged}};
}

void print(const ProjectInput& project, const Found& found) {
    const ProjectState& s = project.state;
    std::cout << project.store->path().filename().string() << ": Bitlathe project" << (project.store->recovered() ? ", with edits since its last save" : "") << "\n"
              << "model        " << s.model.path.string() << (found.modelThere ? "" : hasEmbeddedModel(*project.store) ? " (gone; the project holds it)" : " (gone)") << "\n"
              << "recipe       " << (s.recipe()->name.empty() ? "unnamed" : s.recipe()->name) << ", " << s.recipe()->layers.size() << " layers of their own\n"
              << "history      " << s.position << " of " << s.steps.size() << " steps done\n";
    for (const NamedRecipe& snapshot : s.snapshots) std::cout << "snapshot     " << snapshot.name << "\n";
    for (const auto& calibration : found.calibrations) std::cout << "calibrated   " << calibration.values << " activations on " << calibration.data << "\n";
    if (const auto interrupted = interruptedCalibration(*project.store))
        std::cout << "interrupted  a calibration at sample " << interrupted->samples << " of " << interrupted->of << " of " << interrupted->data << "\n";
    std::cout << "reports      " << found.reports << "\n";
    if (!found.evaluations.empty()) {
        TextTable table({{"Engine"}, {"Recipe"}, {"Data"}, {"Samples", Align::Right}, {"Top-1 %", Align::Right}, {"Agreement %", Align::Right}, {"SQNR dB", Align::Right}, {""}});
        for (const KeptEvaluation& kept : found.evaluations) {
            const Evaluation& e = kept.evaluation;
            const bool isFloat = e.mode == EngineMode::Float;
            table.add({std::string(nameOf(e.mode)), isFloat ? "source" : kept.recipe.name, fs::path(kept.data).filename().string(), std::to_string(e.samples),
                       e.labelled ? fixedText(100 * e.top1, 2) : "–", fixedText(100 * e.agreement, 2), fixedText(e.outputSqnrDb, 1), isFloat || kept.recipe == *s.recipe() ? "" : "of another recipe"});
        }
        std::cout << "\n" << table.text();
    }
    for (const std::string& key : found.damaged) std::cout << "damaged: " << key << "\n";
}

}  // namespace

std::shared_ptr<ProjectInput> openProject(const std::string& path, Session& session) {
    {
        if (std::error_code none; fs::is_directory(path, none)) return nullptr;  // a model in several files
        const auto file = MappedFile::open(path);
        if (!ProjectStore::recognizes(file->bytes().first(std::min(file->bytes().size(), ProjectStore::kHeadBytes)))) return nullptr;
    }
    auto project = std::make_shared<ProjectInput>();
    project->store = ProjectStore::open(path, ProjectStore::Access::Look);
    project->state = stateOf(*project->store);
    if (!project->store->note().empty()) session.note("note: " + project->store->note());
    return project;
}

std::shared_ptr<const Model> modelOf(const ProjectInput& project, Session& session, JobContext& job) {
    const fs::path folder = fs::temp_directory_path() / ("bitlathe-" + std::to_string(::getuid()));
    const ProjectModel found = loadModelOf(*project.store, project.state.model, folder, {}, session.machine(), job);
    if (!found.note.empty()) session.note("note: " + found.note);
    return found.model;
}

void inspectProject(const ProjectInput& project, Session& session) {
    const Found found = look(project);
    session.endProgress();
    if (session.json()) printJson(toJson(project, found));
    else print(project, found);
}

}  // namespace bitlathe::cli
