#include "core/workflow/perplexity.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/tokenizer_text.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

const fs::path kShared = fs::path(BITLATHE_SOURCE_DIR) / ".." / "shared";

// Every byte is a token of its own; 256 begins texts.
Tokenizer bytes(bool bos) {
    Vocabulary vocabulary;
    vocabulary.file = "bytes";
    vocabulary.model = "gpt2";
    for (int byte = 0; byte < 256; ++byte) vocabulary.tokens.push_back(byteLevelText(std::string(1, static_cast<char>(byte))));
    vocabulary.tokens.insert(vocabulary.tokens.end(), {"<s>", "ab"});
    vocabulary.kinds.assign(258, TokenKind::Normal);
    vocabulary.kinds[256] = TokenKind::Control;
    vocabulary.merges = {"a b"};
    vocabulary.bos = 256;
    vocabulary.addBos = bos;
    return makeTokenizer(vocabulary);
}

std::vector<TextWindow> windows(const std::string& text, const WindowRule& rule, bool bos = true) {
    JobContext job;
    return windowsOf(text, bytes(bos), rule, job);
}

TEST(Perplexity, WindowsLieSideBySideAndTheSecondHalfIsPredicted) {
    const auto made = windows("0123456789", {.context = 4});
    ASSERT_EQ(made.size(), 2u) << "11 tokens with the first one, of which three make no window";
    EXPECT_EQ(made[0].tokens, (Ids{256, '0', '1', '2'}));
    EXPECT_EQ(made[1].tokens, (Ids{256, '4', '5', '6'})) << "each begins as a text does";
    EXPECT_EQ(made[0].first, 2);
    EXPECT_EQ(made[0].scored(), 1);
    EXPECT_EQ(windows("0123456789", {.context = 4}, false)[1].tokens, (Ids{'4', '5', '6', '7'}));
}

TEST(Perplexity, StridesPredictEachTokenOnce) {
    const auto made = windows("0123456789", {.context = 4, .stride = 2}, false);
    ASSERT_EQ(made.size(), 4u);
    EXPECT_EQ(made[1].tokens, (Ids{'2', '3', '4', '5'}));
    for (const TextWindow& window : made) EXPECT_EQ(window.scored(), 2);
}

TEST(Perplexity, SlicesPredictEverythingFromAnEmptyMemory) {
    const auto made = windows(" 0123456 |  | 89\n", {.context = 4, .separator = "|"});
    ASSERT_EQ(made.size(), 3u);
    EXPECT_EQ(made[0].tokens, (Ids{256, '0', '1', '2', '3'}));
    EXPECT_EQ(made[1].tokens, (Ids{'3', '4', '5', '6'}));
    EXPECT_EQ(made[2].tokens, (Ids{256, '8', '9'}));
    EXPECT_EQ(made[1].first, 0);
    const auto letters = windows("äöü", {.context = 4, .sliceCharacters = 2});
    ASSERT_EQ(letters.size(), 2u);
    EXPECT_EQ(letters[1].tokens, (Ids{256, 0xC3, 0xBC})) << "a slice ends between characters";
}

TEST(Perplexity, RefusesWhatMakesNoWindow) {
    EXPECT_THROW(windows("012", {.context = 64}), Error);
    EXPECT_THROW(windows("0123456789", {.context = 2}), Error);
    EXPECT_THROW(windows("0123456789", {.context = 4, .stride = 4}), Error);
}

struct Rig {
    JobContext job;
    Machine machine = Machine::detect();
    std::shared_ptr<const Model> model(const fs::path& path) { return loadModel(path, machine, job); }
    LanguageNetwork network(const fs::path& path, EngineMode mode) { return prepareLanguage(model(path), mode, machine); }
    std::vector<TextWindow> windows(const fs::path& text, const fs::path& tokenizer, const WindowRule& rule) {
        const auto file = MappedFile::open(text);
        return windowsOf({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, loadTokenizer(tokenizer, job), rule, job);
    }
    LanguageEvaluation run(const LanguageNetwork& network, const std::optional<LanguageNetwork>& reference, const std::vector<TextWindow>& windows, int threads = 2, std::int64_t batch = 128) {
        Workers workers(threads);
        return evaluateLanguage(network, reference, windows, {.batch = batch}, workers, job);
    }
};

TEST(Perplexity, OfStoriesIsThatOfTheReference) {
    const fs::path corpus = kShared / "corpus/stories260k-llm", model = corpus / "derived/stories260K-f32-GGUFv3.gguf";
    if (!fs::exists(model)) GTEST_SKIP() << "no " << model;
    Rig rig;
    const LanguageNetwork network = rig.network(model, EngineMode::Float);
    const auto stories = rig.run(network, std::nullopt, rig.windows(corpus / "tinystories_sample_5.txt", model, {.context = 512, .separator = "<|endoftext|>"}));
    EXPECT_EQ(stories.figures.tokens, 1804);
    EXPECT_NEAR(stories.figures.perplexity.value, 3.5482, 0.00005);
    const auto slices = rig.run(network, std::nullopt, rig.windows(corpus / "tinystories_valid_part1.txt", model, {.context = 512, .sliceCharacters = 1500}));
    EXPECT_EQ(slices.figures.tokens, 7709);
    EXPECT_NEAR(slices.figures.perplexity.value, 5.7038, 0.00005);
}

// llama.cpp computes a float16 file in float16 and with a 16-bit reference: its figures are 0.3 % and 2 % apart from exact ones.
TEST(Perplexity, AndDivergenceAreLlamaCpps) {
    const fs::path vectors = kShared / "vectors/gguf", base = vectors / "tiny-f16.gguf";
    if (!fs::exists(base)) GTEST_SKIP() << "no " << base;
    Rig rig;
    const auto windows = rig.windows(vectors / "eval.txt", base, {.context = 64});
    ASSERT_EQ(windows.size(), 35u);
    const auto made = rig.run(rig.network(vectors / "tiny-Q4_K_M.gguf", EngineMode::Integer), rig.network(base, EngineMode::Float), windows);
    const LanguageFigures& f = made.figures;
    EXPECT_EQ(f.tokens, 35 * 31);
    EXPECT_NEAR(f.referencePerplexity.value / 1877.085652, 1, 0.003);
    EXPECT_NEAR(f.referencePerplexity.error / 108.259563, 1, 0.01);
    // Each rounds activations to int8 in its own way; the ratio's own standard error is 1.4 %.
    EXPECT_NEAR(f.perplexity.value / 1923.587477, 1, 0.005);
    EXPECT_NEAR(f.logRatio.error / 0.014221, 1, 0.03);
    EXPECT_NEAR(f.lossCorrelation, 0.97, 0.005);
    EXPECT_NEAR(f.divergence.mean.value / 0.105312, 1, 0.02);
    EXPECT_NEAR(f.divergence.mean.error / 0.001952, 1, 0.03);
    EXPECT_NEAR(f.divergence.median / 0.088810, 1, 0.02);
    EXPECT_NEAR(f.sameTop.value, 0.66452, 0.015);
    EXPECT_NEAR(f.sameTop.error, 0.01434, 0.0005);
}

TEST(Perplexity, IsTheSameForEveryNumberOfThreadsAndAgainstItself) {
    const fs::path vectors = kShared / "vectors/gguf", model = vectors / "tiny-f16.gguf";
    if (!fs::exists(model)) GTEST_SKIP() << "no " << model;
    Rig rig;
    auto windows = rig.windows(vectors / "eval.txt", model, {.context = 64});
    windows.resize(3);
    const LanguageNetwork network = rig.network(model, EngineMode::Float);
    const auto one = rig.run(network, network, windows, 1), four = rig.run(network, network, windows, 4);
    EXPECT_EQ(one.figures, four.figures);
    EXPECT_EQ(one.figures.divergence.maximum, 0);
    EXPECT_EQ(one.figures.sameTop.value, 1);
    EXPECT_EQ(one.tokensRead, 3 * 63);
}

TEST(Perplexity, SaysWhatItKnowsAfterEachWindowAndStops) {
    const fs::path vectors = kShared / "vectors/gguf", model = vectors / "tiny-f16.gguf";
    if (!fs::exists(model)) GTEST_SKIP() << "no " << model;
    Rig rig;
    auto windows = rig.windows(vectors / "eval.txt", model, {.context = 64});
    windows.resize(4);
    std::stop_source stop;
    JobContext job(stop.get_token());
    Workers workers(1);
    std::vector<std::int64_t> tokens;
    PerplexityOptions options;
    options.partial = [&](const LanguageEvaluation& so) {
        tokens.push_back(so.figures.tokens);
        if (so.windowsDone == 2) stop.request_stop();
    };
    EXPECT_THROW(evaluateLanguage(rig.network(model, EngineMode::Float), std::nullopt, windows, options, workers, job), Cancelled);
    EXPECT_EQ(tokens, (std::vector<std::int64_t>{31, 62}));
}

TEST(Perplexity, CarriedErrorsAreOfEveryProduct) {
    const fs::path vectors = kShared / "vectors/gguf", model = vectors / "tiny-Q4_K_M.gguf";
    if (!fs::exists(model)) GTEST_SKIP() << "no " << model;
    Rig rig;
    Workers workers(2);
    const auto windows = rig.windows(vectors / "eval.txt", model, {.context = 64});
    const LanguageNetwork exact = rig.network(vectors / "tiny-f16.gguf", EngineMode::Float);
    const auto made = carriedErrors(rig.network(model, EngineMode::Integer), exact, windows, 128, workers, rig.job);
    std::set<std::string> names;
    for (const CarriedError& of : made) {
        names.insert(of.tensor);
        EXPECT_GT(of.sqnrDb, 5) << of.tensor;
        EXPECT_LT(of.sqnrDb, 60) << of.tensor;
    }
    EXPECT_TRUE(names.contains("blk.0.attn_q.weight"));
    EXPECT_TRUE(names.contains("blk.0.ffn_down.weight"));
    EXPECT_EQ(names.size(), 8u) << "queries, keys, values, output, gate, up, down, and the logits";
    for (const CarriedError& of : carriedErrors(exact, exact, windows, 64, workers, rig.job)) EXPECT_TRUE(std::isinf(of.sqnrDb)) << of.tensor;
}

}  // namespace
}  // namespace bitlathe
