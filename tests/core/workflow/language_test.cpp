// Language models from file to logits and to text, against llama.cpp's logits and llama2.c's text.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/quant/ggml_types.h"
#include "core/quant/codec.h"
#include "core/workflow/generate.h"
#include "core/workflow/parting.h"
#include "core/workflow/load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

namespace bitlathe {
namespace {

const std::filesystem::path kShared = std::filesystem::path(BITLATHE_SOURCE_DIR) / "../shared";

template <class T>
std::vector<T> numbersIn(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    std::vector<T> numbers(file->bytes().size() / sizeof(T));
    std::memcpy(numbers.data(), file->bytes().data(), numbers.size() * sizeof(T));
    return numbers;
}

class LanguageTest : public testing::Test {
protected:
    std::shared_ptr<const Model> open(const std::string& name) { return loadModel(kShared / name, machine, job); }
    DecodeSession session(const std::string& name, EngineMode mode = EngineMode::Float, const SessionOptions& options = {}) { return DecodeSession(prepareLanguage(open(name), mode, machine), options, workers); }

    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

// vectors/gguf: logits of 48 tokens, 272 of them.
class TinyTest : public LanguageTest {
protected:
    static constexpr std::size_t kTokens = 48, kVocabulary = 272;
    void SetUp() override {
        if (!std::filesystem::exists(kShared / "vectors/gguf")) GTEST_SKIP() << "the reference vectors are not here";
        tokens = numbersIn<std::int32_t>(kShared / "vectors/gguf/tokens48.i32.bin");
    }
    std::vector<float> expected(const std::string& name) { return numbersIn<float>(kShared / "vectors/gguf" / (name + ".f32.bin")); }
    std::vector<float> allLogits(DecodeSession& session) {
        std::vector<float> all;
        session.feedAll(tokens, job, [&](std::int64_t, std::span<const float> logits) { all.insert(all.end(), logits.begin(), logits.end()); });
        return all;
    }
    static double apart(const std::vector<float>& a, const std::vector<float>& b) {
        EXPECT_EQ(a.size(), b.size());
        double error = 0, size = 0;
        for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) error += std::pow(double(a[i]) - double(b[i]), 2), size += double(b[i]) * double(b[i]);
        return std::sqrt(error / size);
    }
    // tiny-f16 with every layer in one format, the embedding (which is the output too) in another.
    DecodeSession coded(const std::string& codec, const std::string& embedding, EngineMode mode) {
        Recipe recipe;
        recipe.defaults.weights = QuantSpec{.codec = codec, .bits = findCodec(codec)->minBits};
        Rule rule{.name = "token_embd", .kind = {}, .scheme = {}};
        rule.scheme.weights = QuantSpec{.codec = embedding, .bits = findCodec(embedding)->minBits};
        recipe.rules.push_back(rule);
        return DecodeSession(prepareLanguage(open("vectors/gguf/tiny-f16.gguf"), recipe, nullptr, mode, machine, workers, job), {}, workers);
    }
    std::vector<std::int32_t> tokens;
};

// Weights decoded to float32 against the same in float64; llama.cpp's own kernels round activations on the way.
constexpr double kFloatGap = 1e-5, kHalfActivations = 1e-3, kCodedActivations = 0.035;
// Attention and norms may differ in the last bit between instruction sets, which moves some codes of activations by one.
constexpr double kOtherCodes = 0.02;
// Other cuts of the same sums; keys and values held in fewer bits, on a network of random weights.
constexpr double kOtherOrder = 5e-6, kCacheGap[] = {0, 1e-3, 0.02, 0.25};

TEST_F(TinyTest, HalfPrecisionWeightsGiveTheReferencesLogits) {
    DecodeSession tiny = session("vectors/gguf/tiny-f16.gguf");
    const auto logits = allLogits(tiny);
    EXPECT_LT(apart(logits, expected("tiny-f16.logits48.numpy_dequant")), kFloatGap);
    EXPECT_LT(apart(logits, expected("tiny-f16.logits48")), kHalfActivations);
}

TEST_F(TinyTest, BlocksOfAFileDecodeToTheReferencesLogits) {
    DecodeSession tiny = session("vectors/gguf/tiny-Q4_K_M.gguf");
    const auto logits = allLogits(tiny);
    EXPECT_LT(apart(logits, expected("tiny-Q4_K_M.logits48.numpy_dequant")), kFloatGap);
    EXPECT_LT(apart(logits, expected("tiny-Q4_K_M.logits48")), kCodedActivations);
}

TEST_F(TinyTest, ARecipeGivesTheLogitsOfTheFileThatItWouldExport) {
    for (const EngineMode mode : {EngineMode::Simulated, EngineMode::Integer}) {
        DecodeSession q8 = coded("q8_0", "q8_0", mode), q4 = coded("q4_0", "q6_k", mode);
        EXPECT_LT(apart(allLogits(q8), expected("tiny-Q8_0.logits48")), kCodedActivations);
        EXPECT_LT(apart(allLogits(q4), expected("tiny-Q4_0.logits48")), kCodedActivations);
    }
}

TEST_F(TinyTest, BlocksTimesInt8ActivationsAreAsCloseToFloatAsTheReferencesKernels) {
    const auto exact = expected("tiny-Q4_K_M.logits48.numpy_dequant");
    DecodeSession tiny = session("vectors/gguf/tiny-Q4_K_M.gguf", EngineMode::Integer);
    const auto logits = allLogits(tiny);
    EXPECT_GT(apart(logits, exact), kFloatGap) << "nothing was coded to int8";
    EXPECT_LT(apart(logits, exact), apart(expected("tiny-Q4_K_M.logits48"), exact));
}

TEST_F(TinyTest, BlocksTimesInt8ActivationsDependNeitherOnThreadsNorOnInstructionSets) {
    Workers one(1), three(3);
    std::vector<float> before;
    for (const Isa isa : isasUpTo(machine.isa)) {
        Machine lower = machine;
        lower.isa = isa;
        const auto network = prepareLanguage(open("vectors/gguf/tiny-Q4_K_M.gguf"), EngineMode::Integer, lower);
        DecodeSession a(network, {}, one), b(network, {}, three);
        const auto logits = allLogits(a);
        EXPECT_EQ(logits, allLogits(b));
        if (!before.empty()) {
            EXPECT_LT(apart(logits, before), kOtherCodes) << isaName(isa);
        }
        before = logits;
    }
}

TEST_F(TinyTest, ReadingTokenByTokenGivesWhatReadingAllAtOnceGives) {
    DecodeSession all = session("vectors/gguf/tiny-Q4_K_M.gguf"), single = session("vectors/gguf/tiny-Q4_K_M.gguf"), pieces = session("vectors/gguf/tiny-Q4_K_M.gguf", EngineMode::Float, {.batch = 7});
    const auto logits = allLogits(all);
    std::vector<float> one;
    for (const std::int32_t token : tokens) {
        const auto row = single.feed(std::span(&token, 1), job);
        one.insert(one.end(), row.begin(), row.end());
    }
    EXPECT_LT(apart(one, logits), kOtherOrder);
    EXPECT_LT(apart(allLogits(pieces), logits), kOtherOrder);
}

TEST_F(TinyTest, BitsDoNotDependOnThreads) {
    const auto network = prepareLanguage(open("vectors/gguf/tiny-Q4_K_M.gguf"), EngineMode::Float, machine);
    Workers one(1), three(3);
    DecodeSession a(network, {}, one), b(network, {}, three);
    EXPECT_EQ(allLogits(a), allLogits(b));
    const std::int32_t next = 5;
    const auto x = a.feed(std::span(&next, 1), job), y = b.feed(std::span(&next, 1), job);
    EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end()));
}

TEST_F(TinyTest, ForgettingTokensBringsBackTheStateBeforeThem) {
    DecodeSession tiny = session("vectors/gguf/tiny-f16.gguf");
    const auto first = std::span(tokens).first(20), second = std::span(tokens).subspan(20, 8);
    tiny.feed(first, job);
    const auto before = tiny.feed(second, job);
    const std::vector<float> logits(before.begin(), before.end());
    tiny.truncate(20);
    const auto again = tiny.feed(second, job);
    EXPECT_TRUE(std::equal(again.begin(), again.end(), logits.begin(), logits.end()));
}

TEST_F(TinyTest, FewerBitsInTheCacheAreFurtherFromFloat) {
    DecodeSession exact = session("vectors/gguf/tiny-f16.gguf");
    const auto logits = allLogits(exact);
    double before = 0;
    for (const CacheType type : {CacheType::F16, CacheType::Int8, CacheType::Int4}) {
        DecodeSession held = session("vectors/gguf/tiny-f16.gguf", EngineMode::Float, {.keys = type, .values = type});
        const double gap = apart(allLogits(held), logits);
        EXPECT_GT(gap, before) << nameOf(type);
        EXPECT_LT(gap, kCacheGap[static_cast<int>(type)]) << nameOf(type);
        EXPECT_LT(held.cacheBytes(), exact.cacheBytes());
        before = gap;
    }
}

TEST_F(TinyTest, KeysAndValuesAreHeldApartAndLayerByLayer) {
    const auto network = prepareLanguage(open("vectors/gguf/tiny-f16.gguf"), EngineMode::Float, machine);
    LanguageNetwork held = network;
    held.cache = {{CacheType::Int8, CacheType::F32}};
    DecodeSession mixed(held, {}, workers), coarse(network, {.keys = CacheType::Int8, .values = CacheType::Int8}, workers), exact(network, {}, workers);
    const auto logits = allLogits(exact);
    EXPECT_GT(apart(allLogits(mixed), logits), 0);
    EXPECT_LT(mixed.cacheBytes(), exact.cacheBytes());
    EXPECT_GT(mixed.cacheBytes(), coarse.cacheBytes());
}

TEST_F(TinyTest, AFullContextIsASentenceAndNothingIsRead) {
    DecodeSession small = session("vectors/gguf/tiny-f16.gguf", EngineMode::Float, {.context = 16});
    small.feed(std::span(tokens).first(10), job);
    try {
        small.feed(std::span(tokens).first(7), job);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("context of 16 tokens is full"), std::string::npos) << error.message();
    }
    EXPECT_EQ(small.length(), 10);
    const Generated made = generate(small, std::span(tokens).first(2), {.mostTokens = 100}, job);
    EXPECT_TRUE(made.contextFull);
    EXPECT_EQ(made.tokens.size(), 5u);
    const std::int32_t foreign = 272;
    small.clear();
    EXPECT_THROW(small.feed(std::span(&foreign, 1), job), Error);
}

TEST_F(TinyTest, AStoppedRunKeepsNothing) {
    DecodeSession tiny = session("vectors/gguf/tiny-f16.gguf");
    std::stop_source stop;
    JobContext stopped(stop.get_token());
    tiny.feed(std::span(tokens).first(4), stopped);
    stop.request_stop();
    EXPECT_THROW(tiny.feed(std::span(tokens).first(4), stopped), Cancelled);
    EXPECT_EQ(tiny.length(), 4);
}

TEST_F(TinyTest, CoarserWeightsPartEarlier) {
    const auto model = open("vectors/gguf/tiny-f16.gguf");
    DecodeSession exact(prepareLanguage(model, EngineMode::Float, machine), {}, workers), same(prepareLanguage(model, EngineMode::Float, machine), {}, workers);
    DecodeSession coarse = coded("q2_k", "q2_k", EngineMode::Simulated), fine = coded("q8_0", "q8_0", EngineMode::Simulated);
    const Parting none = whereTheyPart(exact, same, tokens, 0.0, job), far = whereTheyPart(exact, coarse, tokens, 0.05, job), near = whereTheyPart(exact, fine, tokens, 0.05, job);
    EXPECT_EQ(none.block, -1);
    EXPECT_EQ(none.product, -1);
    EXPECT_EQ(far.block, 0);
    EXPECT_EQ(far.product, 0);
    EXPECT_EQ(near.block, -1);
    EXPECT_GT(near.blocks.at(0), 0.0);
    ASSERT_FALSE(far.products.empty());
    EXPECT_EQ(far.products.front().weight, "token_embd.weight") << "in the order of computing";
    EXPECT_EQ(far.products.size(), near.products.size());
    for (std::size_t i = 0; i < far.products.size(); ++i) EXPECT_LT(near.products[i].error, far.products[i].error) << far.products[i].weight;
}

// llama2.c's vocabulary file: the longest length, then score, length and bytes of each piece.
std::vector<std::string> piecesOf(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    std::vector<std::string> pieces;
    for (std::size_t at = 4; at + 8 <= file->bytes().size();) {
        std::int32_t length = 0;
        std::memcpy(&length, file->bytes().data() + at + 4, 4);
        pieces.emplace_back(reinterpret_cast<const char*>(file->bytes().data() + at + 8), static_cast<std::size_t>(length));
        at += 8 + static_cast<std::size_t>(length);
    }
    return pieces;
}

TEST_F(LanguageTest, TheLikeliestStoryIsTheOneThatItsAuthorPublished) {
    const std::string folder = "corpus/stories260k-llm/";
    if (!std::filesystem::exists(kShared / folder)) GTEST_SKIP() << "the corpus is not here";
    const auto pieces = piecesOf(kShared / folder / "tok512.bin");
    for (const char* file : {"derived/stories260K-f32-GGUFv3.gguf", "stories260K-f32-GGUFv1.gguf"}) {
        DecodeSession stories = session(folder + file);
        const std::vector<std::int32_t> begin{1};
        const Generated made = generate(stories, begin, {.mostTokens = 149}, job);
        std::string text;
        for (const Sampled& token : made.tokens) text += pieces.at(static_cast<std::size_t>(token.token));
        EXPECT_EQ(made.tokens.size(), 149u);
        EXPECT_TRUE(text.starts_with(" Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. "
                                     "She wanted to play with it, but it was too high.")) << text;
    }
}

TEST(Sampler, WithoutTemperatureTheLikeliestWins) {
    const std::vector<float> logits{0.5f, 2.0f, -1.0f, 1.9f};
    const Sampled chosen = Sampler({}).next(logits);
    EXPECT_EQ(chosen.token, 1);
    EXPECT_NEAR(chosen.probability, 1.0 / (1.0 + std::exp(-1.5) + std::exp(-3.0) + std::exp(-0.1)), 1e-6);
}

TEST(Sampler, EqualSeedsChooseAlikeAndSharesFollowTheTemperature) {
    const std::vector<float> logits{0.0f, 1.0f, 2.0f, -50.0f};
    Sampler a({.temperature = 2.0, .seed = 7}), b({.temperature = 2.0, .seed = 7});
    std::vector<int> counts(4);
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
        const Sampled x = a.next(logits);
        ASSERT_EQ(x.token, b.next(logits).token);
        ++counts[static_cast<std::size_t>(x.token)];
    }
    const double sum = 1.0 + std::exp(0.5) + std::exp(1.0);
    EXPECT_NEAR(counts[0] / double(kDraws), 1.0 / sum, 0.015);
    EXPECT_NEAR(counts[1] / double(kDraws), std::exp(0.5) / sum, 0.015);
    EXPECT_NEAR(counts[2] / double(kDraws), std::exp(1.0) / sum, 0.015);
    EXPECT_EQ(counts[3], 0);
}

TEST(Sampler, CutsLeaveOnlyTheLikeliest) {
    const std::vector<float> logits{0.0f, 1.0f, 2.0f, 3.0f};
    Sampler two({.temperature = 5.0, .topK = 2, .seed = 3}), share({.temperature = 1.0, .topP = 0.5, .seed = 3});
    for (int i = 0; i < 500; ++i) {
        EXPECT_GE(two.next(logits).token, 2);
        EXPECT_EQ(share.next(logits).token, 3);  // holds 64 % alone
    }
}

TEST(Sampler, LogitsThatAreNoNumbersAreASentence) {
    const std::vector<float> logits(4, std::nanf(""));
    EXPECT_THROW(Sampler({}).next(logits), Error);
}

}  // namespace
}  // namespace bitlathe
