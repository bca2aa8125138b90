// What inspect says of a language model: its architecture and extents, its tokenizer, and whether it runs.
#pragma once

#include "app/cli/json_output.h"

#include <string>

namespace bitlathe {
struct CacheSize;
struct Model;
}

namespace bitlathe::cli {

class Session;

// Lines for people; empty where the model is no language model.
std::string languageText(const Model& model, Session& session);
// null where it is none.
Json languageJson(const Model& model, Session& session);

// How keys and values are held, block by block, and the bytes of so many tokens.
Json cacheJson(const CacheSize& size, std::int64_t tokens);

}  // namespace bitlathe::cli
