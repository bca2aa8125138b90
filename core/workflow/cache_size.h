// How much memory the keys and values of a language model take, as a recipe says to hold them. Knows no run.
#pragma once

#include "core/language/language_spec.h"
#include "core/quant/recipe.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe {

struct CacheSize {
    std::vector<CacheHeld> blocks;        // of the network, in order
    std::vector<std::int64_t> blockBytes;  // of one token
    std::int64_t bytesPerToken = 0;
    std::int64_t context = 0;             // tokens that the model learned on; 0: the file does not say
    std::int64_t bytes() const noexcept { return bytesPerToken * context; }
};

// Nothing for encoders, which keep nothing. A type that cannot hold a head counts as float32: cacheIssues() says so.
CacheSize cacheSizeOf(const LanguageSpec& spec, const CacheChoice& choice, CacheHeld otherwise = {});

// The same of what a network holds: one for each block, or none where all are float32.
CacheSize cacheSizeOf(const LanguageSpec& spec, std::vector<CacheHeld> held);
// "keys int8; values int4, f16 in block 0: 1.1 KiB a token, 576 KiB for 512 tokens"
std::string cacheSizeText(const CacheSize& size, std::int64_t tokens);

// What of the choice cannot be done in this model, or does nothing there: sentences for people, with the cure.
std::vector<Issue> cacheIssues(const CacheChoice& choice, const LanguageSpec& spec);
// Throws Error(Recipe) with the first that cannot be done.
void requireCache(const CacheChoice& choice, const LanguageSpec& spec);
// Of any model: a choice for one that is no language model does nothing.
std::vector<Issue> cacheIssues(const Recipe& recipe, const Model& model);

}  // namespace bitlathe
