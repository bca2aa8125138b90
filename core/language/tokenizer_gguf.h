// The tokenizer of a vocabulary, with the meaning that llama.cpp gives to GGUF's tokenizer.ggml.* keys.
#pragma once

#include "core/language/tokenizer.h"

#include <span>
#include <string_view>
#include <vector>

namespace bitlathe {

// Throws Error(Input) for vocabularies that cannot be: pieces that are there twice, byte pairs without merges, merges
// that are no pairs; and Error(Unsupported) for kinds and ways of cutting that are not known here.
Tokenizer makeTokenizer(const Vocabulary& vocabulary);

// How byte-level vocabularies cut text before pairs are merged: one row for each name of tokenizer.ggml.pre.
struct CutRule {
    std::string_view name;
    std::vector<std::string_view> patterns;  // one after the other, on the pieces that the one before it left
    bool takeWholeWords = false;  // words that are tokens are not merged
    bool addBos = false;          // unless the file says otherwise
    bool addSeparator = false;
};
// All of them; rules that cut alike stand with the one that is known best first.
std::span<const CutRule> cutRules();
// Null when the name is not known. An empty name is "default".
const CutRule* cutRule(std::string_view name);

}  // namespace bitlathe
