#include "core/workflow/project_model.h"

#include "core/project/project_store.h"
#include "core/workflow/load.h"

#include <system_error>

namespace bitlathe {

namespace fs = std::filesystem;

std::string lastingIdentity(const Model& model) {
    const auto bySizeAndTime = [](const fs::path& file) {
        std::error_code none;
        return file.filename().string() + " " + std::to_string(fs::file_size(file, none)) + " bytes, " + std::to_string(fs::last_write_time(file, none).time_since_epoch().count());
    };
    // Large files are not hashed while they are opened.
    std::string identity = !model.sha256.empty() ? model.sha256 : model.source.empty() ? std::string() : bySizeAndTime(model.source);
    for (const fs::path& file : model.weightFiles) identity += " + " + bySizeAndTime(file);
    return identity;
}

ModelReference referenceTo(const Model& model) {
    std::error_code none;
    ModelReference reference{fs::absolute(model.source, none), model.sha256, model.format, 0};
    if (const auto size = fs::file_size(model.source, none); !none) reference.bytes = std::int64_t(size);
    return reference;
}

ProjectModel loadModelOf(const ProjectStore& store, const ModelReference& reference, const fs::path& folder, const fs::path& instead, const Machine& machine, JobContext& job) {
    ProjectModel found;
    std::error_code none;
    fs::path path = instead.empty() ? reference.path : instead;
    if (instead.empty() && !fs::exists(path, none)) {
        const auto embedded = extractModel(store, folder);
        if (!embedded)
            refuseInput("the model of the project '" + store.path().string() + "' is gone: '" + path.string() + "'" +
                        (reference.sha256.empty() ? "" : " (SHA-256 " + reference.sha256.substr(0, 12) + "…)") +
                        "; put it back there or beside the project, or say where it is now. The project itself is whole");
        path = *embedded;
        found.note = "the model '" + reference.path.string() + "' is gone; the one that the project holds is used";
    }
    found.model = loadModel(path, machine, job);
    if (!reference.sha256.empty() && found.model->sha256 != reference.sha256)
        found.note = "'" + path.string() + "' is not the file that the project was made with (another SHA-256): the recipe stays, and all figures are made again";
    return found;
}

}  // namespace bitlathe
