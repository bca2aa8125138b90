// The first 512 bytes of a project file, before the HDF5 data: what the file is, for programs that look at the
// beginning only, and which save it is. Plain text, so that a person who looks there reads it too.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace bitlathe {

struct ProjectHead {
    int version = 0;
    std::string generation;  // 32 hexadecimal digits, new with every save
    std::string follows;     // the generation before; empty for the first
    bool operator==(const ProjectHead&) const = default;
};

bool isProjectHead(std::span<const std::byte> bytes) noexcept;
// Filled with NUL to ProjectStore::kHeadBytes.
std::string headText(const ProjectHead& head);
// Throws Error(Input) when the file cannot be opened, is no project, or is one of a newer version.
ProjectHead readHead(const std::filesystem::path& path);

std::string newGeneration();

}  // namespace bitlathe
