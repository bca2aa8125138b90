#include "core/formats/onnx/external_data.h"

#include "core/base/error.h"

namespace bitlathe::onnx {

ExternalData::Part ExternalData::bytes(const std::string& location, std::uint64_t offset, std::uint64_t size, const std::string& tensor) {
    const std::string who = "'" + m_model.string() + "': tensor '" + tensor + "'";
    const std::filesystem::path relative(location);
    if (location.empty() || location.find('\0') != std::string::npos)
        refuseInput(who + " lies in an external file that has no name; export the model again");
    bool escapes = relative.is_absolute() || location.find('\\') != std::string::npos;
    for (const auto& part : relative) escapes = escapes || part == "..";
    if (escapes)
        refuseInput(who + " lies in '" + location + "', which leaves the model's own folder; put the file beside the model and export it again");
    auto& file = m_files[location];
    if (!file) {
        const auto path = m_model.parent_path() / relative;
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            refuseInput(who + " lies in '" + location + "', which is missing; put that file into the model's folder");
        file = MappedFile::open(path);
    }
    const std::uint64_t all = file->bytes().size();
    if (offset > all || size > all - offset)
        refuseInput(who + " is said to lie at bytes " + std::to_string(offset) + " + " + std::to_string(size) + " of '" + location +
                    "', which has only " + std::to_string(all) + " bytes; fetch both files again");
    return {file->bytes().subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)), file};
}

std::vector<std::filesystem::path> ExternalData::files() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& [location, file] : m_files) paths.push_back(file->path());
    return paths;
}

}  // namespace bitlathe::onnx
