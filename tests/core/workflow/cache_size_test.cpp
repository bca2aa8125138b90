// Keys and values as a recipe says: their size, what cannot be, and that the run holds them so.
#include "core/workflow/cache_size.h"

#include "core/base/error.h"
#include "core/workflow/generate.h"
#include "core/workflow/load.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace bitlathe {
namespace {

const std::filesystem::path kDemo = std::filesystem::path(BITLATHE_SOURCE_DIR) / "resources/demo";

LanguageSpec specOf4() {
    LanguageSpec spec;
    spec.layers = 4, spec.context = 100, spec.heads = 8, spec.kvHeads = 2, spec.headSize = 64, spec.valueSize = 32;
    return spec;
}

class CacheRunTest : public testing::Test {
protected:
    LanguageNetwork prepared(const std::string& name, const CacheChoice& cache) {
        Recipe recipe;
        recipe.cache = cache;
        return prepareLanguage(loadModel(kDemo / name, machine, job), recipe, nullptr, EngineMode::Integer, machine, workers, job);
    }
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
};

TEST(CacheSize, BytesAddUpOverBlocksAndSides) {
    CacheChoice choice{{CacheType::F16, CacheType::Int8}, {{1, {CacheType::Int4, std::nullopt}}}};
    const CacheSize size = cacheSizeOf(specOf4(), choice);
    const std::int64_t usual = 2 * (64 * 2 + 34), second = 2 * (2 * 18 + 34);
    EXPECT_EQ(size.blockBytes, (std::vector<std::int64_t>{usual, second, usual, usual}));
    EXPECT_EQ(size.bytesPerToken, 3 * usual + second);
    EXPECT_EQ(size.bytes(), 100 * size.bytesPerToken);
    EXPECT_EQ(cacheSizeText(size, 1), "keys f16, int4 in block 1; values int8: 1.09 KiB a token, 1.09 KiB for 1 token");
}

TEST(CacheSize, WhatCannotBeHeldIsSaidWithTheCure) {
    LanguageSpec spec = specOf4();
    EXPECT_TRUE(cacheIssues(CacheChoice{{CacheType::Int8, CacheType::Int4}, {}}, spec).empty());
    const auto beyond = cacheIssues(CacheChoice{{}, {{7, {CacheType::F16, std::nullopt}}}}, spec);
    ASSERT_EQ(beyond.size(), 1u);
    EXPECT_EQ(beyond[0].level, Issue::Level::Warning);
    EXPECT_NE(beyond[0].message.find("block 7"), std::string::npos);
    spec.headSize = 40;
    const auto odd = cacheIssues(CacheChoice{{CacheType::Int8, CacheType::Int8}, {}}, spec);
    ASSERT_EQ(odd.size(), 1u) << "values of 32 numbers fit";
    EXPECT_EQ(odd[0].level, Issue::Level::Error);
    EXPECT_NE(odd[0].message.find("keys of 40 numbers"), std::string::npos) << odd[0].message;
    EXPECT_THROW(requireCache(CacheChoice{{CacheType::Int8, std::nullopt}, {}}, spec), Error);
    spec.encoder = true;
    EXPECT_EQ(cacheIssues(CacheChoice{{CacheType::Int8, std::nullopt}, {}}, spec).at(0).level, Issue::Level::Note);
    EXPECT_EQ(cacheSizeOf(spec, CacheChoice()).bytesPerToken, 0);
}

TEST_F(CacheRunTest, TheRunHoldsWhatTheRecipeSays) {
    const LanguageNetwork mixed = prepared("tales-1m.gguf", {{CacheType::Int8, CacheType::F16}, {{0, {CacheType::F32, CacheType::Int4}}}});
    const CacheSize size = cacheSizeOf(mixed.spec, mixed.cache);
    const DecodeSession session(mixed, {.context = 64}, workers);
    EXPECT_EQ(session.cacheBytes(), 64 * size.bytesPerToken);
    EXPECT_EQ(mixed.cache.at(0), (CacheHeld{CacheType::F32, CacheType::Int4}));
    EXPECT_EQ(mixed.cache.at(3), (CacheHeld{CacheType::Int8, CacheType::F16}));
    const DecodeSession own(mixed, {.context = 64, .keys = CacheType::F32, .values = CacheType::F32}, workers);
    EXPECT_EQ(own.cacheBytes(), 64 * cacheSizeOf(mixed.spec, CacheChoice()).bytesPerToken) << "the session's own word wins";
}

TEST_F(CacheRunTest, FewerBitsMoveTheLogitsFurther) {
    const auto logitsOf = [&](const CacheChoice& choice) {
        DecodeSession session(prepared("tales-1m.gguf", choice), {.context = 64}, workers);
        std::vector<std::int32_t> tokens;
        for (int i = 0; i < 40; ++i) tokens.push_back(300 + i * 7);
        const auto logits = session.feed(tokens, job);
        return std::vector<float>(logits.begin(), logits.end());
    };
    const auto exact = logitsOf({});
    const auto apart = [&](const CacheChoice& choice) {
        const auto held = logitsOf(choice);
        double sum = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) sum += (double(held[i]) - double(exact[i])) * (double(held[i]) - double(exact[i]));
        return sum;
    };
    const double one = apart({{}, {{2, {CacheType::Int4, std::nullopt}}}}), eight = apart({{CacheType::Int8, CacheType::Int8}, {}}), four = apart({{CacheType::Int4, CacheType::Int4}, {}});
    EXPECT_GT(one, 0) << "one block's keys alone count";
    EXPECT_GT(four, eight);
    EXPECT_GT(eight, 0);
}

TEST_F(CacheRunTest, ARecipeThatTheHeadsCannotHoldIsRefused) {
    try {
        prepared("tales-0.3m.gguf", {{CacheType::Int8, std::nullopt}, {}});
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("keys of 16 numbers a head"), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace bitlathe
