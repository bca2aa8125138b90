// The checkpoints of llama2.c (karpathy/llama2.c, export.py): seven numbers and the weights of a Llama in a fixed order,
// as float32 (versions 0 and 1) or as int8 in groups (version 2). Rows of queries and keys lie as in GGUF: rotary pairs
// are neighbours. A model read from one has GGUF's names and keys, and no graph.
#pragma once

#include "core/base/job.h"
#include "core/language/vocabulary.h"
#include "core/model/model.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

namespace bitlathe::llama2c {

// True when the bytes begin with the signature of versions 1 and 2, or with seven numbers that fit a Llama (version 0
// has no signature).
bool recognizes(std::span<const std::byte> head) noexcept;

// Weights stay mapped. Throws Error(Input) for anything whose size is not what its head asks for.
Model read(const std::filesystem::path& path, JobContext& context);

// The number of tokens that the checkpoint's head names. Throws Error(Input) as read() does.
std::int64_t tokensOf(const std::filesystem::path& checkpoint, JobContext& context);

// The vocabulary of `tokens` pieces in the checkpoint's folder: tokenizer.bin, tok<tokens>.bin, or another such file.
// Nothing where there is none.
std::optional<Vocabulary> vocabularyBeside(const std::filesystem::path& checkpoint, std::int64_t tokens);

}  // namespace bitlathe::llama2c
