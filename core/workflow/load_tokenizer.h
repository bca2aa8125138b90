// From a path to a tokenizer. Knows no networks.
#pragma once

#include "core/base/job.h"
#include "core/language/tokenizer.h"

#include <filesystem>

namespace bitlathe {

// The tokenizer of a GGUF file; of a tokenizer.json or, where there is none, a tokenizer.model, or those in this folder
// or beside this model file; of a tokenizer.bin of llama2.c, or the one beside a checkpoint of it. Throws Error(Input) when there is none, with the files that were looked for, and for
// vocabularies that cannot be; Error(Unsupported) for kinds that are not known here.
Tokenizer loadTokenizer(const std::filesystem::path& path, JobContext& job);

}  // namespace bitlathe
