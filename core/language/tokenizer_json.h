// Tokenizers as Hugging Face's library writes them: tokenizer.json (huggingface/tokenizers), with the meaning that its
// version 0.23 gives to every part.
#pragma once

#include "core/language/tokenizer.h"

#include <string>
#include <string_view>

namespace bitlathe {

// `config`: the text of the tokenizer_config.json beside it, which names the tokens that begin and end texts; may be
// empty. `generation`: that of generation_config.json, which names further tokens that end them. `job`: may stop it. Throws Error(Input) naming the file, the part and the cure; Error(Unsupported) for parts that are not known.
Tokenizer readTokenizerJson(std::string_view json, const std::string& file, std::string_view config = {}, std::string_view generation = {}, JobContext* job = nullptr);

}  // namespace bitlathe
