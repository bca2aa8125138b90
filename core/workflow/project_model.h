// The model of a project: named in it, found again from it.
#pragma once

#include "core/base/job.h"
#include "core/engine/machine.h"
#include "core/model/model.h"
#include "core/project/project_state.h"

#include <filesystem>
#include <memory>
#include <string>

namespace bitlathe {

// A text that no other weights have: the file's SHA-256, and for each file of weights beside it name, size and
// time of change. Empty for a model that was made in memory.
std::string lastingIdentity(const Model& model);

ModelReference referenceTo(const Model& model);

struct ProjectModel {
    std::shared_ptr<const Model> model;
    std::string note;  // for people: that it changed since, or came out of the project; mostly empty
};
// From its file, else from the project where it is embedded (into `folder`), or from `instead` where that is
// given. Throws Error(Input), for a file that is gone with its name and what to do.
ProjectModel loadModelOf(const ProjectStore& store, const ModelReference& reference, const std::filesystem::path& folder,
                         const std::filesystem::path& instead, const Machine& machine, JobContext& job);

}  // namespace bitlathe
