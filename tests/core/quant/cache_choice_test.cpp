#include "core/quant/cache_choice.h"

#include "core/base/error.h"
#include "core/quant/recipe_json.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

CacheChoice keysOf(const std::string& line, std::int64_t blocks = 6, CacheChoice from = {}) { return withCacheLine(std::move(from), CacheSide::Keys, line, blocks); }

std::string refusal(const std::string& line, std::int64_t blocks = 6) {
    try {
        keysOf(line, blocks);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Usage);
        return error.message();
    }
    ADD_FAILURE() << "'" << line << "' was taken";
    return "";
}

std::string recipeRefusal(const std::string& cache) {
    try {
        recipeFromJson(R"({"format": "bitlathe recipe", "version": 1, "cache": )" + cache + "}", "mine.json");
    } catch (const Error& error) {
        return error.message();
    }
    ADD_FAILURE() << cache << " was taken";
    return "";
}

TEST(CacheChoice, EveryNameIsReadBackAndGgmlsNamesAreKnown) {
    for (const CacheType type : kAllCacheTypes) EXPECT_EQ(cacheTypeFromName(nameOf(type)), type);
    EXPECT_EQ(cacheTypeFromName("q8_0"), CacheType::Int8);
    EXPECT_EQ(cacheTypeFromName("q4"), CacheType::Int4);
    EXPECT_FALSE(cacheTypeFromName("int5"));
}

TEST(CacheChoice, RowsTakeTheBytesOfTheirBlocks) {
    EXPECT_EQ(cacheRowBytes(CacheType::F32, 64), 256);
    EXPECT_EQ(cacheRowBytes(CacheType::F16, 64), 128);
    EXPECT_EQ(cacheRowBytes(CacheType::Int8, 64), 68);
    EXPECT_EQ(cacheRowBytes(CacheType::Int4, 64), 36);
    EXPECT_EQ(cacheRowBytes(CacheType::Int4, 48), 0) << "no whole number of blocks";
}

TEST(CacheChoice, ALineSetsAllBlocksOrSomeOfThem) {
    EXPECT_EQ(keysOf("int8").all.keys, CacheType::Int8);
    EXPECT_FALSE(keysOf("int8").all.values);
    const CacheChoice some = keysOf("0-1=f16,4-=q4");
    EXPECT_FALSE(some.all.keys);
    ASSERT_EQ(some.blocks.size(), 4u);
    EXPECT_EQ(some.blocks.at(1).keys, CacheType::F16);
    EXPECT_EQ(some.blocks.at(5).keys, CacheType::Int4);
    EXPECT_FALSE(some.blocks.contains(2));
    const CacheChoice both = withCacheLine(some, CacheSide::Values, "int8, 5 = f32", 6);
    EXPECT_EQ(both.blocks.at(5), (CacheTypes{CacheType::Int4, CacheType::F32}));
    EXPECT_EQ(both.all, (CacheTypes{std::nullopt, CacheType::Int8}));
}

TEST(CacheChoice, ATypeForAllBlocksForgetsWhatStoodForSome) {
    const CacheChoice again = keysOf("f16", 6, withCacheLine(keysOf("0-2=int4"), CacheSide::Values, "1=int8", 6));
    EXPECT_EQ(again.all.keys, CacheType::F16);
    ASSERT_EQ(again.blocks.size(), 1u) << "the values' block stays";
    EXPECT_EQ(again.blocks.at(1), (CacheTypes{std::nullopt, CacheType::Int8}));
}

TEST(CacheChoice, TheLineIsReadBackAsItWas) {
    for (const char* line : {"", "int8", "0-3=f16,4-5=int4", "int4,0=f16,5=f32"}) {
        const CacheChoice choice = *line ? keysOf(line) : CacheChoice();
        EXPECT_EQ(cacheLine(choice, CacheSide::Keys), line);
    }
    EXPECT_EQ(cacheText(withCacheLine(keysOf("int8"), CacheSide::Values, "int4,0-3=f16", 6)), "keys int8; values int4, f16 in blocks 0–3");
}

TEST(CacheChoice, WhatIsNoLineIsASentenceWithTheCure) {
    EXPECT_NE(refusal("int5").find("there is no type 'int5'"), std::string::npos);
    EXPECT_NE(refusal("int5").find("0-3=f16"), std::string::npos);
    EXPECT_NE(refusal("0-9=f16").find("the model has the blocks 0 to 5"), std::string::npos);
    EXPECT_NE(refusal("6-=f16").find("the model has the blocks 0 to 5"), std::string::npos);
    EXPECT_NE(refusal("3-1=f16").find("last block comes before the first"), std::string::npos);
    EXPECT_NE(refusal("x=f16").find("no block's number"), std::string::npos);
    EXPECT_NE(refusal("-2=f16").find("no block's number"), std::string::npos);
    EXPECT_NE(refusal("99999999999999999999=f16").find("no block's number"), std::string::npos);
    refusal("int8,");
    refusal("");
}

TEST(CacheChoice, BlocksWinOverAllAndAllOverTheUsual) {
    const CacheChoice choice = withCacheLine(keysOf("int8,2=f32"), CacheSide::Values, "1=int4", 6);
    const auto held = cacheHeld(choice, 4, {CacheType::F16, CacheType::F16});
    ASSERT_EQ(held.size(), 4u);
    EXPECT_EQ(held[0], (CacheHeld{CacheType::Int8, CacheType::F16}));
    EXPECT_EQ(held[1], (CacheHeld{CacheType::Int8, CacheType::Int4}));
    EXPECT_EQ(held[2], (CacheHeld{CacheType::F32, CacheType::F16}));
    EXPECT_EQ(cacheHeld(cacheChoiceOf(held), 4), held);
}

TEST(CacheChoice, ARecipeHoldsItAndOneWithoutIsWrittenAsBefore) {
    Recipe recipe;
    EXPECT_EQ(toJson(recipe).find("cache"), std::string::npos);
    recipe.cache = withCacheLine(keysOf("int8,0=f16,5=f16"), CacheSide::Values, "3-=int4", 12);
    EXPECT_EQ(recipeFromJson(toJson(recipe), "x"), recipe);
    recipe.cache = keysOf("4=f32");
    EXPECT_EQ(recipeFromJson(toJson(recipe), "x"), recipe);
    EXPECT_TRUE(recipeFromJson(R"({"format": "bitlathe recipe", "version": 1, "cache": null})", "x").cache.empty());
}

TEST(CacheChoice, ARecipeWithAnImpossibleOneIsRefusedWithItsPlace) {
    EXPECT_NE(recipeRefusal(R"({"keys": "int5"})").find("cache.keys: expected one of: f32, f16, int8, int4"), std::string::npos) << recipeRefusal(R"({"keys": "int5"})");
    EXPECT_NE(recipeRefusal(R"({"key": "int8"})").find("'key' is not known"), std::string::npos);
    EXPECT_NE(recipeRefusal(R"({"blocks": {"01": {"keys": "f16"}}})").find("block's number"), std::string::npos);
    EXPECT_NE(recipeRefusal(R"({"blocks": {"4096": {"keys": "f16"}}})").find("block's number"), std::string::npos);
    EXPECT_NE(recipeRefusal(R"({"blocks": {"1": {}}})").find("needs keys or values"), std::string::npos);
    EXPECT_NE(recipeRefusal(R"({"blocks": []})").find("cache.blocks"), std::string::npos);
    EXPECT_NE(recipeRefusal(R"("int8")").find("expected an object"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
