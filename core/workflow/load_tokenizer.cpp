#include "core/workflow/load_tokenizer.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/format.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/gguf/vocabulary.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/tokenizer_json.h"
#include "core/language/vocabulary_beside.h"
#include "core/language/vocabulary_llama2c.h"
#include "core/language/vocabulary_sentencepiece.h"

namespace bitlathe {

namespace {

namespace fs = std::filesystem;

Tokenizer fromGguf(const fs::path& path, JobContext& job) {
    const auto vocabulary = gguf::readVocabulary(path, job);
    if (!vocabulary) refuseInput("'" + path.string() + "' has no vocabulary (tokenizer.ggml.tokens); open a GGUF file that a converter made with its tokenizer");
    return makeTokenizer(*vocabulary);
}

std::string textOf(const fs::path& path) {
    const auto file = MappedFile::open(path);
    return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

// Of the folder; empty where there is none.
std::string textBeside(const fs::path& path, const char* name) {
    const fs::path beside = path.parent_path() / name;
    std::error_code none;
    return fs::is_regular_file(beside, none) ? textOf(beside) : std::string();
}

Tokenizer fromJson(const fs::path& path, JobContext& job) {
    job.checkpoint(0.0, "reading the tokenizer");
    const std::string beside = textBeside(path, "tokenizer_config.json"), generation = textBeside(path, "generation_config.json");
    return readTokenizerJson(textOf(path), path.string(), beside, generation, &job);
}

Tokenizer fromSentencePiece(const fs::path& path, JobContext& job) {
    job.checkpoint(0.0, "reading the tokenizer");
    Vocabulary vocabulary = readSentencePiece(MappedFile::open(path)->bytes(), path.string());
    const std::string tokenizer = textBeside(path, "tokenizer_config.json"), added = textBeside(path, "added_tokens.json"), special = textBeside(path, "special_tokens_map.json"),
                      generation = textBeside(path, "generation_config.json"), config = textBeside(path, "config.json");
    addBeside({tokenizer, added, special, generation, config}, vocabulary);
    return makeTokenizer(vocabulary);
}

// Names that SentencePiece's vocabularies have in checkpoints, the usual one first.
constexpr const char* kSentencePieces[] = {"tokenizer.model", "spiece.model"};

Tokenizer fromLlama2c(const fs::path& path, JobContext& job) {
    const std::int64_t tokens = llama2c::tokensOf(path, job);
    const auto vocabulary = llama2c::vocabularyBeside(path, tokens);
    std::error_code none;
    if (const fs::path model = path.parent_path() / "tokenizer.model"; !vocabulary && fs::is_regular_file(model, none))
        if (Tokenizer made = fromSentencePiece(model, job); made.size() == tokens) return made;
    if (!vocabulary) refuseInput("there is no vocabulary of " + std::to_string(tokens) + " pieces beside '" + path.string() + "': put the model's tokenizer.bin (or tok" + std::to_string(tokens) + ".bin) there, or name one");
    return makeTokenizer(*vocabulary);
}

bool isJson(std::span<const std::byte> bytes) noexcept {
    for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 64))) {
        const auto c = static_cast<char>(byte);
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c == '{';
    }
    return false;
}

}  // namespace

Tokenizer loadTokenizer(const fs::path& path, JobContext& job) {
    std::error_code none;
    const bool folder = fs::is_directory(path, none);
    if (!folder) {
        const auto file = MappedFile::open(path);
        if (gguf::recognizes(file->bytes())) return fromGguf(path, job);
        if (path.filename() == "tokenizer.json" || (path.extension() == ".json" && path.filename() != "config.json" && !path.filename().string().ends_with(".index.json") && isJson(file->bytes()))) return fromJson(path, job);
        if (isSentencePiece(file->bytes()) && (path.extension() == ".model" || path.extension() == ".spm")) return fromSentencePiece(path, job);
        if (isLlama2cVocabulary(file->bytes())) return makeTokenizer(readLlama2cVocabulary(file->bytes(), path.string()));
        if (llama2c::recognizes(file->bytes().first(std::min(file->bytes().size(), kHeadBytes)))) return fromLlama2c(path, job);
    }
    const fs::path beside = (folder ? path : path.parent_path()) / "tokenizer.json";
    if (fs::is_regular_file(beside, none)) return fromJson(beside, job);
    for (const char* name : kSentencePieces)
        if (const fs::path model = beside.parent_path() / name; fs::is_regular_file(model, none)) return fromSentencePiece(model, job);
    refuseInput("there is no tokenizer for '" + path.string() + "': it is no GGUF file, and there is no '" + beside.string() + "' and no tokenizer.model; put the model's tokenizer.json there, or name one");
}

}  // namespace bitlathe
