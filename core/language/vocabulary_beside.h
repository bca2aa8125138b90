// What the JSON files beside a vocabulary say of it: tokens that were added later, which ones begin and end texts, and
// what encoding adds. Knows no pieces.
#pragma once

#include "core/language/vocabulary.h"

#include <string_view>

namespace bitlathe {

// Texts of the files; empty where there is none.
struct BesideTexts {
    std::string_view tokenizerConfig;   // tokenizer_config.json
    std::string_view addedTokens;       // added_tokens.json
    std::string_view specialTokens;     // special_tokens_map.json
    std::string_view generationConfig;  // generation_config.json
    std::string_view config;            // config.json
};

// Adds them to a vocabulary that came without. Files that are no JSON, and entries of other kinds, are passed over.
void addBeside(const BesideTexts& texts, Vocabulary& vocabulary);

// The tokens after which the model has nothing more to say: eos_token_id of generation_config.json and of config.json,
// a number or a list. Those outside 0 … tokens − 1 are left out.
std::vector<std::int32_t> endsOf(const BesideTexts& texts, std::size_t tokens);

// The template of the model's dialogue, of tokenizer_config.json: of several the one called "default"; may be empty.
std::string chatTemplateOf(std::string_view tokenizerConfig);

}  // namespace bitlathe
