// Files beside the model that hold its weights (TensorProto.external_data). Knows no tensors.
#pragma once

#include "core/base/mapped_file.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe::onnx {

// Each file is mapped once, when it is first asked for.
class ExternalData {
public:
    explicit ExternalData(std::filesystem::path model) : m_model(std::move(model)) {}

    struct Part {
        std::span<const std::byte> bytes;
        std::shared_ptr<const MappedFile> file;
    };
    // `size` bytes at `offset` of the file that `location` names, relative to the model's folder. Throws
    // Error(Input) when the location leaves that folder, the file is missing, or the range lies outside it.
    Part bytes(const std::string& location, std::uint64_t offset, std::uint64_t size, const std::string& tensor);
    // Those that were asked for so far.
    std::vector<std::filesystem::path> files() const;

private:
    std::filesystem::path m_model;
    std::map<std::string, std::shared_ptr<const MappedFile>> m_files;
};

}  // namespace bitlathe::onnx
