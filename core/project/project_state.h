// What a person made: the model that is worked on, the recipe with its history and snapshots, and the choices
// around it; and how the project file keeps them. Knows no windows: their layout is bytes.
#pragma once

#include "core/quant/recipe.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

class ProjectStore;

using RecipePtr = std::shared_ptr<const Recipe>;

struct ModelReference {
    std::filesystem::path path;  // absolute
    std::string sha256;          // of the file
    std::string format;          // the reader's name: "onnx"
    std::int64_t bytes = 0;
    bool operator==(const ModelReference&) const = default;
};

struct HistoryStep {
    std::string label;  // "4 bits for conv1"
    RecipePtr recipe;   // after the step
};
struct NamedRecipe {
    std::string name;
    RecipePtr recipe;
};

struct ProjectState {
    ModelReference model;
    RecipePtr first;                  // before the first step
    std::vector<HistoryStep> steps;
    std::size_t position = 0;         // so many steps are done; the others can be redone
    std::vector<NamedRecipe> snapshots;
    RecipePtr aside;                  // the other one of A and B; null: not asked for yet
    bool atB = false;
    std::string evaluationData, calibrationData;  // as datasets are named
    std::int64_t calibrationSamples = 0, splitSeed = 1;  // which of them calibrate: core/workflow/calibration_choice
    std::string target = "onnxruntime";
    std::string output;                           // where the export goes
    std::vector<std::string> selected;            // layers
    std::vector<std::byte> layout;                // of the window, its own business

    // The recipe at work.
    RecipePtr recipe() const { return position > 0 && position <= steps.size() ? steps[position - 1].recipe : first; }
};

// Puts states of one project into its store again and again; the caller flushes. What is equal to the state before,
// by its recipes' addresses, is not looked at again: a long history costs nothing. Steps are kept as differences of
// their JSON. One thread at a time.
class ProjectStateWriter {
public:
    explicit ProjectStateWriter(ProjectStore& store) : m_store(store) {}
    void put(const ProjectState& state);

private:
    void putHistory(const ProjectState& state);
    void putSnapshots(const ProjectState& state);
    ProjectStore& m_store;
    RecipePtr m_first;
    std::vector<HistoryStep> m_steps;
};
void putState(ProjectStore& store, const ProjectState& state);
// The model's path is the one relative to the project where a file lies there, else the absolute one.
// Throws Error(Input) for a project without a recipe or with one that is damaged.
ProjectState stateOf(const ProjectStore& store);

// The model's bytes in the project itself, so that it can be carried elsewhere alone; and back into a file of
// `folder` named after their SHA-256, unless it is there already with the same bytes. Nothing: the project has none. Throws
// Error(Output) where the folder is a link or not the user's own.
void embedModel(ProjectStore& store, const std::filesystem::path& model);
void forgetEmbeddedModel(ProjectStore& store);
bool hasEmbeddedModel(const ProjectStore& store);
std::optional<std::filesystem::path> extractModel(const ProjectStore& store, const std::filesystem::path& folder);

}  // namespace bitlathe
