// A project as the input of a command: its model, its recipe, its data, and what it learned.
#pragma once

#include "app/cli/command.h"

#include "core/project/project_state.h"
#include "core/project/project_store.h"
#include "core/workflow/project_model.h"

#include <memory>
#include <string>

namespace bitlathe::cli {

struct ProjectInput {
    std::unique_ptr<ProjectStore> store;  // open for looking: commands change no projects
    ProjectState state;
};

// Null when the file is no project. Throws Error(Input) when it cannot be opened or is damaged.
std::shared_ptr<ProjectInput> openProject(const std::string& path, Session& session);
// Its model; embedded ones come out into the folder for temporary files.
std::shared_ptr<const Model> modelOf(const ProjectInput& project, Session& session, JobContext& job);

// What the project holds, for people or as JSON.
void inspectProject(const ProjectInput& project, Session& session);

}  // namespace bitlathe::cli
