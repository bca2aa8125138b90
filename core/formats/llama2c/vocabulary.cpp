#include "core/base/mapped_file.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/language/vocabulary_llama2c.h"

#include <algorithm>

namespace bitlathe::llama2c {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kLongest = std::uintmax_t(64) << 20;  // larger files are no vocabulary

std::optional<Vocabulary> fitting(const fs::path& path, std::int64_t tokens) {
    std::error_code none;
    if (!fs::is_regular_file(path, none) || fs::file_size(path, none) > kLongest) return std::nullopt;
    const auto file = MappedFile::open(path);
    if (!isLlama2cVocabulary(file->bytes())) return std::nullopt;
    auto made = readLlama2cVocabulary(file->bytes(), path.string());
    return static_cast<std::int64_t>(made.tokens.size()) == tokens ? std::optional(std::move(made)) : std::nullopt;
}

}  // namespace

std::optional<Vocabulary> vocabularyBeside(const fs::path& checkpoint, std::int64_t tokens) {
    const fs::path folder = checkpoint.has_parent_path() ? checkpoint.parent_path() : fs::path(".");
    std::vector<fs::path> candidates = {folder / "tokenizer.bin", folder / ("tok" + std::to_string(tokens) + ".bin")}, others;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none))
        if (entry.path().extension() == ".bin" && entry.path().filename() != checkpoint.filename()) others.push_back(entry.path());
    std::sort(others.begin(), others.end());
    candidates.insert(candidates.end(), others.begin(), others.end());
    for (const fs::path& path : candidates)
        if (auto made = fitting(path, tokens)) return made;
    return std::nullopt;
}

}  // namespace bitlathe::llama2c
