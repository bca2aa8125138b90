// The vocabulary file of SentencePiece (google/sentencepiece, sentencepiece_model.proto): "tokenizer.model". A message
// of Protocol Buffers, of which the pieces, the numbers of special tokens and the treatment of spaces are read.
#pragma once

#include "core/language/vocabulary.h"

#include <cstddef>
#include <span>
#include <string>

namespace bitlathe {

// True when the bytes begin with a piece, as such files do.
bool isSentencePiece(std::span<const std::byte> bytes) noexcept;

// Pieces of byte pairs become a vocabulary of the kind "llama", unigrams one of the kind "t5". Throws Error(Input)
// naming the file and the place; Error(Unsupported) for models of words or characters.
Vocabulary readSentencePiece(std::span<const std::byte> bytes, const std::string& file);

}  // namespace bitlathe
