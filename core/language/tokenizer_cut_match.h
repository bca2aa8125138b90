// Which of GGUF's ways of cutting text a tokenizer.json has. Knows no vocabularies.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace bitlathe {

// The name (tokenizer.ggml.pre) of a rule that cuts a long and varied text into the same words; of several the one that
// treats words that are tokens alike, and then the first. Empty where no rule does. `tokenizer`: a whole tokenizer.json.
std::string_view cutRuleLike(const nlohmann::json& tokenizer, const std::string& file);

}  // namespace bitlathe
