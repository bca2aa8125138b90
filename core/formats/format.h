// The list of file formats: who recognises a file, who reads it, who writes one. Knows no format's
// insides, and nothing about recipes: a quantized network is written as the graph that it is.
#pragma once

#include "core/base/job.h"
#include "core/model/model.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bitlathe {

struct WeightsFormat;

struct WriteOptions {
    // Keys and values that go into the file beside the model's own; a key that the model has is replaced.
    std::vector<std::pair<std::string, std::string>> metadata;
    // Weights go to a file of their own when the main file would grow beyond this.
    std::int64_t externalAbove = std::int64_t(2'000'000'000);
    // A model of safetensors becomes several files where one would grow beyond this; as Hugging Face cuts them.
    std::int64_t cutAbove = std::int64_t(5'000'000'000);
};

// One row. read throws Error(Input) with file, place and cure; write throws Error(Output), writes beside
// the target and renames, reads the file again and compares it with what was meant.
struct Format {
    std::string_view name;   // stable, in files and on the command line: "onnx"
    std::string_view label;  // for people
    std::vector<std::string_view> extensions;  // with the dot
    bool (*recognizes)(std::span<const std::byte> head) noexcept;  // the file's first bytes, at most kHeadBytes
    Model (*read)(const std::filesystem::path& path, JobContext& context);
    void (*write)(const Model& model, const std::filesystem::path& path, const WriteOptions& options,
                  JobContext& context);  // null: cannot be written
    // The file of a folder that stands for its model; empty when the folder has none. Null: models are single files.
    std::filesystem::path (*fileIn)(const std::filesystem::path& folder) = nullptr;
    const WeightsFormat* weights = nullptr;  // how a model without a graph is written, where it can be
};
inline constexpr std::size_t kHeadBytes = 4096;

// In the order in which they are asked; formats without a signature of their own come last.
const std::vector<Format>& formats();
const Format* findFormat(std::string_view name);

// Opens a file with the format that recognises it; where none does, with the one that its extension
// names, so that the refusal says what is wrong with it. A folder stands for the model that lies in it.
Model readModel(const std::filesystem::path& path, JobContext& context);

// SHA-256 of the model's source file alone, without files that it refers to. Reads the whole file.
std::string sourceSha256(const Model& model, JobContext& context);

}  // namespace bitlathe
