// WordPiece (Wu et al. 2016, arXiv:1609.08144, as BERT uses it): from the left the longest piece that fits; a word
// that cannot be covered is unknown as a whole. Knows no files.
#pragma once

#include "core/language/tokenizer_text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct WordPieceModel {
    TextMap tokens;
    std::string beginPrefix, insidePrefix;  // "" and "##", or in GGUF "▁" and ""
    std::int32_t unknown = -1;
    std::size_t longestWord = 100;          // characters; longer words are unknown
    std::size_t longestPiece = 0;           // bytes, prefixes included

    // Appends the tokens of a word.
    void encode(std::string_view word, std::vector<std::int32_t>& out) const;
};

// What a piece after another becomes in text: " ." is "." there, " n't" is "n't" (huggingface/tokenizers, decoders/wordpiece.rs).
void dropSpaceBeforePunctuation(std::string& piece);

}  // namespace bitlathe
