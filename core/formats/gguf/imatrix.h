// llama.cpp's importance files: the old form (.dat) and the one in a GGUF container. Which of the two a file is, its
// first bytes say.
#pragma once

#include "core/base/job.h"
#include "core/quant/importance.h"

#include <filesystem>

namespace bitlathe::gguf {

// Mean squares of what multiplies each column. A matrix (of a stack of experts) that no token reached counts as even:
// ones. Throws Error(Input) for files of neither form, damaged ones, and values that are negative or no numbers.
Importance readImportance(const std::filesystem::path& path, JobContext& job);

// Writes such a file, whole or not at all: the old form where the name ends in .dat, else the one in a GGUF container. Sums are
// the means times the number of tokens (at least one chunk of one). Throws Error(Output) with path and reason.
void writeImportance(const std::filesystem::path& path, const Importance& importance);

}  // namespace bitlathe::gguf
