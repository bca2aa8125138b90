#include "core/workflow/load_tokenizer.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/vocabulary.h"
#include "core/language/tokenizer_gguf.h"

namespace bitlathe {

namespace {

Tokenizer fromGguf(const std::filesystem::path& path, JobContext& job) {
    const auto vocabulary = gguf::readVocabulary(path, job);
    if (!vocabulary) refuseInput("'" + path.string() + "' has no vocabulary (tokenizer.ggml.tokens); open a GGUF file that a converter made with its tokenizer");
    return makeTokenizer(*vocabulary);
}

}  // namespace

Tokenizer loadTokenizer(const std::filesystem::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    if (gguf::recognizes(file->bytes())) return fromGguf(path, job);
    refuseInput("'" + path.string() + "' is no GGUF file; a vocabulary is looked for in those");
}

}  // namespace bitlathe
