#include "core/workflow/side_by_side.h"

#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace bitlathe {
namespace {

double worstErrorOf(const Parting& parting) { return parting.blocks.at(std::size_t(parting.worstBlock())); }

const std::filesystem::path kTales = std::filesystem::path(BITLATHE_SOURCE_DIR) / "resources/demo/tales-0.3m.gguf";
const std::string kPrompt = "Once upon a time there was a girl named Lily.";

class SideBySideTest : public testing::Test {
protected:
    LanguageNetwork coded(const std::string& codec, int bits) {
        Recipe recipe;
        recipe.defaults.weights.emplace();
        recipe.defaults.weights->codec = codec;
        recipe.defaults.weights->bits = bits;
        return prepareLanguage(model, recipe, nullptr, EngineMode::Integer, machine, workers, job);
    }
    SideBySide of(const LanguageNetwork& second, SideBySideOptions options = {}) {
        return continueSideBySide(real, second, tokenizer, kPrompt, options, workers, job);
    }

    Workers workers{2};
    JobContext job;
    Machine machine = Machine::detect();
    std::shared_ptr<const Model> model = loadModel(kTales, machine, job);
    Tokenizer tokenizer = loadTokenizer(kTales, job);
    LanguageNetwork real = prepareLanguage(model, EngineMode::Float, machine);
};

std::string textOf(const ContinuedSide& side) {
    std::string text;
    for (const ContinuedToken& token : side.tokens) text += token.text;
    return text;
}

TEST_F(SideBySideTest, TheFloatSideIsWhatItWritesAlone) {
    SideBySideOptions options;
    options.mostTokens = 40;
    const SideBySide both = of(coded("q8_0", 8), options);
    DecodeSession alone(real, {}, workers);
    GenerateOptions plain;
    plain.mostTokens = 40;
    const Generated made = generate(alone, tokenizer.encode(kPrompt), plain, job);
    ASSERT_EQ(both.first.tokens.size(), made.tokens.size());
    for (std::size_t i = 0; i < made.tokens.size(); ++i) {
        EXPECT_EQ(both.first.tokens[i].token, made.tokens[i].token);
        EXPECT_DOUBLE_EQ(both.first.tokens[i].probability, made.tokens[i].probability);
    }
    EXPECT_TRUE(textOf(both.first).starts_with(" ")) << "the text goes on where the prompt ended";
}

TEST_F(SideBySideTest, ANetworkBesideItselfNeverParts) {
    SideBySideOptions options;
    options.mostTokens = 30;
    options.keys = options.values = CacheType::F32;
    const SideBySide both = of(real, options);
    EXPECT_EQ(both.partsAt(), -1);
    for (const double nats : both.divergence) EXPECT_EQ(nats, 0);
    EXPECT_EQ(both.parting.block, -1);
    EXPECT_EQ(worstErrorOf(both.parting), 0);
}

TEST_F(SideBySideTest, FewerBitsAreFurtherOffAndPartSooner) {
    SideBySideOptions options;
    options.mostTokens = 60;
    const auto mean = [](const SideBySide& both) {
        double sum = 0;
        for (const double nats : both.divergence) sum += nats;
        return sum / double(both.divergence.size());
    };
    const SideBySide eight = of(coded("q8_0", 8), options), four = of(coded("q4_0", 4), options);
    EXPECT_LT(mean(eight), mean(four));
    EXPECT_GE(four.partsAt(), 0) << "a model of this size does not stand 4 bits";
    EXPECT_GT(worstErrorOf(four.parting), worstErrorOf(eight.parting));
    EXPECT_EQ(four.divergence.size(), four.first.tokens.size()) << "measured on the float text, also after the texts have parted";
}

// The divergence of each place, computed again by reading the whole float text at once.
TEST_F(SideBySideTest, TheDivergenceAfterTheyPartIsOnTheFloatText) {
    SideBySideOptions options;
    options.mostTokens = 40;
    options.keys = options.values = CacheType::F32;
    const LanguageNetwork four = coded("q4_0", 4);
    const SideBySide both = of(four, options);
    ASSERT_GE(both.partsAt(), 0) << "without a parting there is nothing after it";
    ASSERT_LT(both.partsAt(), 39) << "some places must lie behind it";
    std::vector<std::int32_t> text = both.prompt;
    for (const ContinuedToken& token : both.first.tokens) text.push_back(token.token);
    text.pop_back();
    std::vector<std::vector<float>> p, q;
    DecodeSession a(real, {}, workers), b(four, {}, workers);
    const auto first = std::int64_t(both.prompt.size()) - 1;
    a.feedAll(text, job, [&](std::int64_t, std::span<const float> row) { p.emplace_back(row.begin(), row.end()); }, first);
    b.feedAll(text, job, [&](std::int64_t, std::span<const float> row) { q.emplace_back(row.begin(), row.end()); }, first);
    ASSERT_EQ(p.size(), both.divergence.size());
    for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(divergence(p[i], q[i]), both.divergence[i], 1e-3 + 0.01 * both.divergence[i]) << i;
}

TEST_F(SideBySideTest, PublishesAsItGoesAndStopsWhenAsked) {
    std::stop_source stop;
    SideBySideOptions options;
    options.mostTokens = 400;
    std::size_t most = 0;
    options.partial = [&](const SideBySide& sofar) {
        EXPECT_GE(sofar.first.tokens.size(), most) << "what was shown stays";
        most = sofar.first.tokens.size();
        if (most >= 3) stop.request_stop();
    };
    JobContext stoppable(stop.get_token());
    EXPECT_THROW(continueSideBySide(real, coded("q8_0", 8), tokenizer, kPrompt, options, workers, stoppable), Cancelled);
    EXPECT_GE(most, 3u);
    EXPECT_LT(most, 400u);
}

TEST_F(SideBySideTest, AnEmptyPromptBeginsAText) {
    SideBySideOptions options;
    options.mostTokens = 5;
    EXPECT_EQ(continueSideBySide(real, real, tokenizer, "", options, workers, job).prompt.size(), 1u) << "the beginning of a text alone";
}

TEST(SideBySideFigures, ProbabilitiesAddUpAndDivergenceIsThatOfTheBook) {
    const float p[] = {0, 1, 2}, q[] = {2, 1, 0};
    const double z = 1 + std::exp(1.0) + std::exp(2.0), a = 1 / z, c = std::exp(2.0) / z;
    const auto best = likeliest(p, 3);
    EXPECT_EQ(best[0].token, 2);
    EXPECT_NEAR(best[0].probability + best[1].probability + best[2].probability, 1, 1e-12);
    EXPECT_NEAR(divergence(p, q), a * std::log(a / c) + c * std::log(c / a), 1e-12);
    EXPECT_EQ(divergence(p, p), 0);
}

}  // namespace
}  // namespace bitlathe
