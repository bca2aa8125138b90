// What belongs to one model of safetensors files: the file or, as its index says, several, and the JSON files beside
// them that say what network it is. Knows no layers and no quantized layouts.
#pragma once

#include "core/base/job.h"
#include "core/formats/safetensors/header.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bitlathe {
class MappedFile;
}

namespace bitlathe::safetensors {

struct Entry {
    HeaderEntry info;
    std::shared_ptr<const MappedFile> file;
    std::span<const std::byte> bytes() const noexcept;
};

struct Checkpoint {
    std::filesystem::path source;  // the index, or the one file
    std::vector<std::shared_ptr<const MappedFile>> files;
    std::vector<Entry> tensors;  // in the order of files and of bytes in them
    std::vector<std::pair<std::string, std::string>> metadata;  // of "__metadata__" of all files, each key once
    std::vector<std::pair<std::string, std::string>> besides;   // names and texts of the JSON files beside
    std::vector<std::string> notes;

    // The text of a file beside; empty when there is none.
    std::string_view textOf(std::string_view fileName) const noexcept;
};

// The JSON files that are carried, and that an export copies.
inline constexpr std::string_view kBesides[] = {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
                                                "quantize_config.json", "quant_config.json"};

// path: a file, an index (*.safetensors.index.json), or one file of several that an index beside it names: then all of
// them. Throws Error(Input).
Checkpoint openCheckpoint(const std::filesystem::path& path, JobContext& job);

// The file of the folder that stands for its model: an index, or the one safetensors file. Empty when there is none.
// Throws Error(Input) when there are several.
std::filesystem::path fileIn(const std::filesystem::path& folder);

}  // namespace bitlathe::safetensors
