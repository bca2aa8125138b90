// The vocabulary file of llama2.c (karpathy/llama2.c, tokenizer.py): pieces with scores and nothing else.
#pragma once

#include "core/language/vocabulary.h"

#include <cstddef>
#include <span>
#include <string>

namespace bitlathe {

// True when the bytes hold pieces from the first to the last byte, as such files do.
bool isLlama2cVocabulary(std::span<const std::byte> bytes) noexcept;

// Throws Error(Input) naming the file and the place when they do not.
Vocabulary readLlama2cVocabulary(std::span<const std::byte> bytes, const std::string& file);

}  // namespace bitlathe
