// What a tokenizer is made of: five steps, each of them data. Files of every kind are read into this. Knows no files.
#pragma once

#include "core/language/tokenizer_merge.h"
#include "core/language/tokenizer_normalize.h"
#include "core/language/tokenizer_special.h"
#include "core/language/tokenizer_split.h"
#include "core/language/tokenizer_unigram.h"
#include "core/language/tokenizer_wordpiece.h"
#include "core/language/vocabulary.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bitlathe {

struct TokenizerParts {
    std::string name;  // for people
    std::vector<std::string> stored;  // pieces as the file has them
    std::vector<std::string> pieces;  // the bytes that each stands for after another
    std::vector<TokenKind> kinds;     // as many
    std::optional<std::int32_t> bos, eos, eot, unknown;
    std::vector<std::int32_t> ending; // sorted

    // 1. Special tokens as they stand; 2. what is added to or changed in the text between them.
    SpecialTokens special;                 // found in the text as it is
    SpecialTokens normalizedSpecial;       // found in the normalized text
    std::vector<NormalizeStep> normalize;
    // 3. Words; 4. pieces of each.
    std::vector<SplitStep> split;
    std::variant<WordPieceModel, UnigramModel, PairMerger> model;
    // 5. What goes around all of it.
    std::vector<std::int32_t> before, after;

    // Decoding.
    bool dropFirstSpace = false;  // the one that encoding puts there
};

}  // namespace bitlathe
