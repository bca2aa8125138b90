// The normalizer and the pre-tokenizer of a tokenizer.json as steps of ours. Private to tokenizer_json.cpp.
#pragma once

#include "core/language/tokenizer_normalize.h"
#include "core/language/tokenizer_split.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace bitlathe {

struct JsonSteps {
    std::vector<NormalizeStep> normalize;
    std::vector<SplitStep> split;
    bool byteLevel = false;  // words are bytes
};

// Throws Error(Input) and Error(Unsupported) naming the file and the part. Either may be null.
JsonSteps readJsonSteps(const nlohmann::json& normalizer, const nlohmann::json& preTokenizer, const std::string& file);

// The text of a pattern: {"String": …} as it stands or {"Regex": …}.
struct JsonPattern {
    std::string text;
    bool regex = false;
};
JsonPattern readJsonPattern(const nlohmann::json& pattern, const std::string& file);

}  // namespace bitlathe
