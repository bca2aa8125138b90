// Changing text before it is cut: Unicode forms, case, accents, replacements. Steps follow each other. Knows no tokens.
#pragma once

#include "core/language/tokenizer_unicode.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bitlathe {

struct PrependText {
    std::string text;  // nothing goes before an empty text
};
struct ReplaceText {
    std::string what, with;
};
struct ReplacePattern {
    TextPattern pattern;
    std::string with;  // as it stands
};
struct LowerCase {};
struct StripAccents {};   // drops characters of category M
struct StripSpace {
    bool left = true, right = true;
};
// The cleaning of BERT's basic tokenizer (google-research/bert, tokenization.py).
struct BertClean {
    bool clean = true, spaceIdeographs = true, stripAccents = true, lowerCase = true;
};
struct SentencePieceClean {};  // Nmt: drops control characters, makes spaces of odd ones

// SentencePiece's compiled normalization: a double-array trie of prefixes and what takes their place
// (google/sentencepiece, doc/normalization.md; the array is Darts-clone's).
class CharsMap {
public:
    // Throws Error(Input) naming `of` when the bytes are none.
    CharsMap(std::string_view bytes, const std::string& of);
    // The longest prefix of text.substr(at) that is replaced: its length, and what takes its place; 0: there is none.
    std::size_t longest(std::string_view text, std::size_t at, std::string_view& with) const;
    // The same with the shortest prefix, which then stands for all of the text: as tokenizer.json's Precompiled does.
    bool shortest(std::string_view text, std::string_view& with) const;

private:
    template <class F>
    void walk(std::string_view text, F&& leaf) const;
    std::vector<std::uint32_t> m_units;
    std::string m_replacements;  // zero-terminated, one after the other
};
struct MapChars {
    CharsMap map;
    std::optional<TextPattern> clusters;  // what is looked up as one: tokenizer.json's way; else prefixes of any length
};
// SentencePiece's treatment of spaces: one goes before the first word, and with `merge` one before each, none elsewhere.
struct MergeSpaces {
    bool merge = true;
};

using NormalizeStep = std::variant<PrependText, ReplaceText, ReplacePattern, NormalForm, LowerCase, StripAccents, StripSpace, BertClean, SentencePieceClean, MapChars, MergeSpaces>;

std::string normalized(std::string text, const std::vector<NormalizeStep>& steps);

}  // namespace bitlathe
