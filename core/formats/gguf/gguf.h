// The GGUF file format of llama.cpp and ggml, versions 1 to 3: weights, and keys with values that say what network
// they belong to. A model read from it has no graph: it can be looked at, quantized and written, not run.
#pragma once

#include "core/base/job.h"
#include "core/formats/format.h"
#include "core/model/model.h"

#include <cstddef>
#include <filesystem>
#include <span>

namespace bitlathe::gguf {

// True when the bytes begin with the format's signature.
bool recognizes(std::span<const std::byte> head) noexcept;

// Reads the head alone; weights stay mapped and are decoded when somebody looks at them. Values of the graph are the
// tensors in the file's order. Throws Error(Input) for anything that is not a well-formed file with tensors in it.
Model read(const std::filesystem::path& path, JobContext& context);

}  // namespace bitlathe::gguf
