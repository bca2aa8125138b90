// The vocabulary in a GGUF file's keys (tokenizer.ggml.*).
#pragma once

#include "core/base/job.h"
#include "core/language/vocabulary.h"

#include <filesystem>
#include <optional>

namespace bitlathe::gguf {

// Nothing when the file has no tokenizer. Throws Error(Input) for damaged files, lists of another type than llama.cpp
// writes, and whatever checkVocabulary refuses.
std::optional<Vocabulary> readVocabulary(const std::filesystem::path& path, JobContext& job);

}  // namespace bitlathe::gguf
