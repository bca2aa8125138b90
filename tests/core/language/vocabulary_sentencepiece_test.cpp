// tokenizer.model, written field by field, and what the JSON files beside it say.
#include "core/base/error.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/vocabulary_beside.h"
#include "core/language/vocabulary_sentencepiece.h"
#include "tests/core/language/sentencepiece_sample.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

using Ids = std::vector<std::int32_t>;

using namespace sentencepiece;

constexpr std::int32_t kFirst = 259;

Vocabulary read(const std::string& bytes) { return readSentencePiece(std::as_bytes(std::span(bytes)), "tokenizer.model"); }
std::string refusal(const std::string& bytes) {
    try {
        read(bytes);
    } catch (const Error& error) {
        return error.message();
    }
    return "read";
}

TEST(SentencePiece, ReadsPiecesScoresAndTypes) {
    const Vocabulary made = read(model(2));
    EXPECT_EQ(made.model, "llama");
    ASSERT_EQ(made.tokens.size(), 265u);
    EXPECT_EQ(made.tokens[kFirst], "▁a");
    EXPECT_EQ(made.scores[kFirst + 1], -2.0f);
    EXPECT_EQ(made.kinds[0], TokenKind::Unknown);
    EXPECT_EQ(made.kinds[2], TokenKind::Control);
    EXPECT_EQ(made.kinds[3], TokenKind::Byte);
    EXPECT_EQ(made.kinds[264], TokenKind::UserDefined);
    EXPECT_EQ(made.bos, 1);
    EXPECT_EQ(made.eos, 2);
    EXPECT_EQ(made.unknown, 0);
    EXPECT_FALSE(made.padding);
    EXPECT_EQ(made.addSpacePrefix, true);
    EXPECT_EQ(made.dropExtraSpaces, false);
}

TEST(SentencePiece, TheSpaceBeforeATextIsTheNormalizersChoice) {
    EXPECT_EQ(makeTokenizer(read(model(2))).encode("a b"), (Ids{1, kFirst, kFirst + 1, kFirst + 3}));
    EXPECT_EQ(makeTokenizer(read(model(2, number(3, 0) + number(4, 0)))).encode("a b"), (Ids{1, kFirst + 2, kFirst + 1, kFirst + 3}));
    // Where nothing is said both are true: spaces that are too many go.
    EXPECT_EQ(makeTokenizer(read(model(2, ""))).encode("  a   b "), (Ids{1, kFirst, kFirst + 1, kFirst + 3}));
    EXPECT_EQ(makeTokenizer(read(model(2))).encode("  b", {false}), (Ids{kFirst + 1, kFirst + 1, kFirst + 1, kFirst + 3}));
}

TEST(SentencePiece, WhatNoPieceHoldsBecomesBytes) { EXPECT_EQ(makeTokenizer(read(model(2))).encode("é", {false}), (Ids{kFirst + 1, 3 + 0xC3, 3 + 0xA9})); }

TEST(SentencePiece, UnigramsAreUnigrams) {
    const Vocabulary made = read(model(1));
    EXPECT_EQ(made.model, "t5");
    EXPECT_EQ(makeTokenizer(made).encode("ab", {false}), (Ids{kFirst, kFirst + 3}));  // −1 − 4 beats −2 − 5
}

TEST(SentencePiece, RefusesWhatItIsNotWithASentence) {
    EXPECT_NE(refusal("IQ== 0\nIg== 1\n").find("tiktoken"), std::string::npos);
    EXPECT_NE(refusal(model(3)).find("whole words"), std::string::npos);
    EXPECT_NE(refusal(piece("<unk>", 0, 9)).find("unknown type 9"), std::string::npos);
    const std::string whole = model(2);
    for (std::size_t length = 8; length < whole.size(); length += 7) EXPECT_FALSE(refusal(whole.substr(0, length)).empty());
    for (std::size_t at = 0; at < whole.size(); at += 3) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x80);
        EXPECT_FALSE(refusal(flipped).empty());
    }
}

TEST(VocabularyBeside, AddsTokensAndSaysWhatBeginsAndEnds) {
    Vocabulary made = read(model(2));
    addBeside({.tokenizerConfig = R"({"bos_token": {"content": "<mine>"}, "eos_token": "<|end|>", "add_bos_token": false, "added_tokens_decoder": {"2": {"content": "</s>", "special": true}, "267": {"content": "<|end|>", "special": true}}})",
               .addedTokens = R"({"<extra>": 265})",
               .generationConfig = R"({"eos_token_id": [267, 2, 9999]})"}, made);
    ASSERT_EQ(made.tokens.size(), 268u);
    EXPECT_EQ(made.tokens[265], "<extra>");
    EXPECT_EQ(made.kinds[266], TokenKind::Unused);
    EXPECT_EQ(made.kinds[267], TokenKind::Control);
    EXPECT_EQ(made.bos, 264);
    EXPECT_EQ(made.eos, 267);
    EXPECT_EQ(made.ends, (Ids{267, 2}));
    const Tokenizer tokenizer = makeTokenizer(made);
    EXPECT_EQ(tokenizer.encode("a"), (Ids{kFirst}));
    EXPECT_TRUE(tokenizer.ends(2) && tokenizer.ends(267));
    EXPECT_FALSE(tokenizer.ends(264));
}

TEST(VocabularyBeside, WhatIsNoJsonIsPassedOver) {
    const Vocabulary before = read(model(2));
    Vocabulary after = before;
    addBeside({.tokenizerConfig = "{", .addedTokens = "[1]", .specialTokens = "3", .generationConfig = R"({"eos_token_id": "x"})", .config = std::string(1000, '{')}, after);
    EXPECT_EQ(before, after);
}

TEST(VocabularyBeside, TakesTheDefaultOfSeveralTemplates) {
    EXPECT_EQ(chatTemplateOf(R"({"chat_template": "one"})"), "one");
    EXPECT_EQ(chatTemplateOf(R"({"chat_template": [{"name": "tool", "template": "t"}, {"name": "default", "template": "d"}]})"), "d");
    EXPECT_EQ(chatTemplateOf("{}"), "");
}

}  // namespace
}  // namespace bitlathe
