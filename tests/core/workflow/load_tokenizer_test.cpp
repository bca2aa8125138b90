#include "core/workflow/load_tokenizer.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(BITLATHE_SOURCE_DIR) / ".." / "shared/corpus";

std::string multilingual() {
    const auto file = MappedFile::open(fs::path(BITLATHE_SOURCE_DIR) / "tests/golden/language/multilingual.txt");
    return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

TEST(LoadTokenizer, OneVocabularyInThreeFilesGivesTheSameTokens) {
    const fs::path stories = kCorpus / "stories260k-llm";
    if (!fs::exists(stories)) GTEST_SKIP() << "no " << stories;
    JobContext job;
    const std::string text = multilingual();
    const auto llama2c = loadTokenizer(stories / "tok512.bin", job).encode(text);
    EXPECT_TRUE(llama2c == loadTokenizer(stories / "derived/stories260K-f32-GGUFv3.gguf", job).encode(text));
    EXPECT_TRUE(llama2c == loadTokenizer(stories / "stories260K-f32-GGUFv1.gguf", job).encode(text));
}

TEST(LoadTokenizer, AFileWithoutTensorsHasAVocabularyAllTheSame) {
    const fs::path file = kCorpus / "gguf-vocab-only/ggml-vocab-gpt-2.gguf";
    if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
    JobContext job;
    const Tokenizer tokenizer = loadTokenizer(file, job);
    EXPECT_EQ(tokenizer.size(), 50257);
    EXPECT_EQ(tokenizer.encode("Hello world"), (std::vector<std::int32_t>{15496, 995}));
    EXPECT_TRUE(tokenizer.decode(tokenizer.encode(multilingual())) == multilingual());
}

TEST(LoadTokenizer, SaysWhereItLooked) {
    JobContext job;
    try {
        loadTokenizer(fs::path(BITLATHE_SOURCE_DIR) / "resources/demo", job);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("resources/demo/tokenizer.json"), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace bitlathe
