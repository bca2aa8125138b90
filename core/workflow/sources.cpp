#include "core/workflow/sources.h"

#include "core/base/error.h"

namespace bitlathe {

namespace fs = std::filesystem;

namespace {

bool sameFile(const fs::path& a, const fs::path& b) {
    std::error_code none;
    return !a.empty() && !b.empty() && fs::equivalent(a, b, none);
}

bool liesIn(const fs::path& file, const fs::path& folder) {
    std::error_code none;
    if (!fs::is_directory(folder, none) || !fs::exists(file, none)) return false;
    for (fs::path at = fs::canonical(file, none).parent_path(); !at.empty(); at = at.parent_path()) {
        if (sameFile(at, folder)) return true;
        if (at == at.root_path()) break;
    }
    return false;
}

[[noreturn]] void refuse(const fs::path& output, const std::string& what) {
    throw Error(ErrorKind::Usage, "'" + output.string() + "' is " + what + "; a source is never overwritten, choose another name");
}

}  // namespace

void refuseOverwriting(const fs::path& output, const Model* model, const std::vector<std::string>& sources) {
    if (model && sameFile(output, model->source)) refuse(output, "the source itself");
    if (model)
        for (const fs::path& file : model->weightFiles)
            if (sameFile(output, file)) refuse(output, "where the source keeps its weights");
    for (const std::string& source : sources) {
        if (source.empty()) continue;
        std::error_code none;
        const fs::path path = fs::exists(source, none) ? source : source.substr(0, source.rfind(':'));
        if (sameFile(output, path)) refuse(output, "what the result is made from");
        if (liesIn(output, path)) refuse(output, "a file of the data in '" + path.string() + "'");
    }
}

}  // namespace bitlathe
