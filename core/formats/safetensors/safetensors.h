// The safetensors file format: weights by name, in one file or in several with an index. A model read from it has no
// graph: it can be looked at, quantized and written. What network it is, the JSON files beside it say
// (config.json, tokenizer.json …): they stand in Model::metadata under their names.
#pragma once

#include "core/base/job.h"
#include "core/formats/format.h"
#include "core/model/model.h"

#include <cstddef>
#include <filesystem>
#include <span>

namespace bitlathe::safetensors {

// True when the bytes can be the head of such a file.
bool recognizes(std::span<const std::byte> head) noexcept;

// The file of the folder that stands for its model; empty when there is none. Throws Error(Input) when there are several.
std::filesystem::path fileIn(const std::filesystem::path& folder);

// Reads heads and configuration alone; weights stay mapped. path: a file, an index, or one of several files. Values of
// the graph are the tensors in the order of computation, as far as names tell; quantized layouts (GPTQ, AWQ,
// compressed-tensors) are one value each, which becomes floats when somebody looks. Throws Error(Input).
Model read(const std::filesystem::path& path, JobContext& context);

}  // namespace bitlathe::safetensors
