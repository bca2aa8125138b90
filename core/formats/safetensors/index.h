// The index of a model in several files: model.safetensors.index.json. Private to this folder.
#pragma once

#include "core/base/job.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bitlathe::safetensors {

struct Index {
    std::vector<std::string> files;                      // names in the index's folder, sorted, each once
    std::map<std::string, std::string, std::less<>> of;  // tensor → file
};

inline constexpr std::string_view kIndexEnding = ".safetensors.index.json";

// Throws Error(Input) when it is no index, or when it names files outside its folder.
Index readIndex(const std::filesystem::path& path, JobContext& job);

// The index that names the file, beside it; empty when there is none.
std::filesystem::path indexNaming(const std::filesystem::path& file, JobContext& job);

}  // namespace bitlathe::safetensors
