#include "core/language/tokenizer.h"

#include "core/base/error.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/tokenizer_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string>

namespace bitlathe {
namespace {

using Ids = std::vector<std::int32_t>;

// <unk> <s> </s>, the bytes, then pieces with falling scores.
Vocabulary scored(std::vector<std::string> pieces) {
    Vocabulary vocabulary;
    vocabulary.file = "scored.gguf";
    vocabulary.model = "llama";
    vocabulary.tokens = {"<unk>", "<s>", "</s>"};
    vocabulary.kinds = {TokenKind::Unknown, TokenKind::Control, TokenKind::Control};
    for (int byte = 0; byte < 256; ++byte) {
        vocabulary.tokens.push_back(byteName(static_cast<std::uint8_t>(byte)));
        vocabulary.kinds.push_back(TokenKind::Byte);
    }
    vocabulary.scores.assign(vocabulary.tokens.size(), 0.0f);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        vocabulary.tokens.push_back(pieces[i]);
        vocabulary.kinds.push_back(TokenKind::Normal);
        vocabulary.scores.push_back(-1.0f - static_cast<float>(i));
    }
    return vocabulary;
}
constexpr std::int32_t kFirst = 259;

Vocabulary bytePairs(std::vector<std::string> merges, std::string pre = "gpt-2") {
    Vocabulary vocabulary;
    vocabulary.file = "pairs.gguf";
    vocabulary.model = "gpt2";
    vocabulary.pre = std::move(pre);
    for (int byte = 0; byte < 256; ++byte) vocabulary.tokens.push_back(byteLevelText(std::string(1, static_cast<char>(byte))));
    for (const std::string& merge : merges) {
        std::string piece = merge;
        piece.erase(piece.find(' '), 1);
        vocabulary.tokens.push_back(piece);
    }
    vocabulary.merges = std::move(merges);
    vocabulary.kinds.assign(vocabulary.tokens.size(), TokenKind::Normal);
    return vocabulary;
}

std::string multilingual() {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/language/multilingual.txt", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Tokenizer, MergesTheHighestScoreFirstAndTheLeftmostOfEquals) {
    Vocabulary vocabulary = scored({"▁", "a", "b", "ab", "ba", "▁ab"});
    const Tokenizer tokenizer = makeTokenizer(vocabulary);
    EXPECT_EQ(tokenizer.encode("abab"), (Ids{1, kFirst + 5, kFirst + 3}));
    vocabulary.scores[kFirst + 4] = 5.0f;  // "ba" before "ab"
    EXPECT_EQ(makeTokenizer(vocabulary).encode("abab"), (Ids{1, kFirst, kFirst + 1, kFirst + 4, kFirst + 2}));
    EXPECT_EQ(tokenizer.decode(tokenizer.encode("abab")), "abab");
}

TEST(Tokenizer, SpellsWhatItDoesNotKnowInBytes) {
    const Tokenizer tokenizer = makeTokenizer(scored({"▁", "a"}));
    const Ids ids = tokenizer.encode("aé\xff");
    EXPECT_EQ(ids, (Ids{1, kFirst, kFirst + 1, 3 + 0xC3, 3 + 0xA9, 3 + 0xFF}));
    EXPECT_EQ(tokenizer.decode(ids), "aé\xff");
}

TEST(Tokenizer, MergesBytePairsInTheOrderInWhichTheyWereLearnt) {
    const Tokenizer tokenizer = makeTokenizer(bytePairs({"h e", "l l", "he ll", "Ġ t"}));
    EXPECT_EQ(tokenizer.encode("hell the"), (Ids{258, 259, 256}));
    EXPECT_EQ(tokenizer.piece(259), " t");
    EXPECT_EQ(tokenizer.storedPiece(259), "Ġt");
}

TEST(Tokenizer, CutsDigitsAsTheRuleSays) {
    const auto words = [](const std::string& rule) { return makeTokenizer(bytePairs({"1 2", "12 3", "123 4"}, rule)).encode("1234"); };
    EXPECT_EQ(words("gpt-2"), (Ids{258}));
    EXPECT_EQ(words("llama-bpe"), (Ids{257, '4'}));
    EXPECT_EQ(words("qwen2").size(), 4u);
}

TEST(Tokenizer, ReadsSpecialTokensOnlyWhereAsked) {
    Vocabulary vocabulary = scored({"▁", "a", "<", "s", ">"});
    const Tokenizer tokenizer = makeTokenizer(vocabulary);
    EXPECT_EQ(tokenizer.encode("a<s>a", {true, true}), (Ids{1, kFirst, kFirst + 1, 1, kFirst, kFirst + 1}));
    EXPECT_EQ(tokenizer.encode("a<s>", {false, false}), (Ids{kFirst, kFirst + 1, kFirst + 2, kFirst + 3, kFirst + 4}));
    EXPECT_TRUE(tokenizer.ends(2));
    EXPECT_FALSE(tokenizer.ends(1));
    EXPECT_TRUE(tokenizer.addsBos());
}

TEST(Tokenizer, TheLongestSpecialTokenOfTheTextWins) {
    Vocabulary vocabulary = bytePairs({"a b"});
    for (const char* text : {"<ab", "b>>>", "<ab>"}) {
        vocabulary.tokens.push_back(text);
        vocabulary.kinds.push_back(TokenKind::UserDefined);
    }
    const Tokenizer tokenizer = makeTokenizer(vocabulary);
    EXPECT_EQ(tokenizer.encode("<ab>"), (Ids{259}));
    EXPECT_EQ(tokenizer.encode("<ab>>>").back(), 259 - 1 + 0) << "of '<ab>' and 'b>>>', which overlap and are as long, the first in the list is taken";
}

TEST(Tokenizer, EveryTextComesBack) {
    const std::string text = multilingual();
    ASSERT_GT(text.size(), 2000u);
    for (const char* rule : {"default", "gpt-2", "llama-bpe", "qwen2", "tekken", "gpt-4o", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "starcoder", "bloom", "viking", "superbpe"}) {
        const Tokenizer tokenizer = makeTokenizer(bytePairs({"Ġ t", "h e", "Ġt he", "i n", "0 0"}, rule));
        EXPECT_TRUE(tokenizer.decode(tokenizer.encode(text)) == text) << rule;
    }
    const Tokenizer tokenizer = makeTokenizer(scored({"▁", "▁the", "▁t", "t", "h", "e", "he", "и", "の"}));
    // The mark itself is what such vocabularies write for a space, so it comes back as one.
    std::string marked = text;
    replaceAll(marked, kSpaceMark, " ");
    EXPECT_TRUE(tokenizer.decode(tokenizer.encode(text)) == marked);
}

TEST(Tokenizer, AnyBytesComeBack) {
    std::mt19937 random(5);
    const Tokenizer pairs = makeTokenizer(bytePairs({"Ġ t", "h e"}, "llama-bpe")), pieces = makeTokenizer(scored({"▁", "a", "▁a"}));
    for (int round = 0; round < 200; ++round) {
        std::string text(random() % 60, '\0');
        for (char& byte : text) byte = static_cast<char>(random() % 3 ? random() : 'a' + random() % 2);
        if (text.find("\xe2\x96\x81") != std::string::npos) continue;
        EXPECT_EQ(pairs.decode(pairs.encode(text)), text);
        EXPECT_EQ(pieces.decode(pieces.encode(text)), text);
    }
}

TEST(Tokenizer, AStreamNeverEndsWithinACharacter) {
    const std::string text = multilingual();
    const Tokenizer tokenizer = makeTokenizer(bytePairs({"h e"}));
    TextStream stream(tokenizer);
    std::string all;
    for (const std::int32_t token : tokenizer.encode(text)) {
        const std::string part = stream.push(token);
        EXPECT_EQ(part, validUtf8(part));
        EXPECT_EQ(part.find("\xef\xbf\xbd"), std::string::npos);
        all += part;
    }
    EXPECT_TRUE(all + stream.finish() == text);
}

TEST(Tokenizer, AStreamShowsDamagedBytesAsReplacementMarks) {
    const Tokenizer tokenizer = makeTokenizer(bytePairs({"h e"}));
    TextStream stream(tokenizer);
    std::string all;
    for (const std::int32_t token : tokenizer.encode("a\xc3(\xe2\x82")) all += stream.push(token);
    EXPECT_EQ(all + stream.finish(), "a\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Tokenizer, CutsAtSpacesOnlyWhereNoPieceReachesOver) {
    const Tokenizer cut = makeTokenizer(scored({"▁", "a", "▁a"})), whole = makeTokenizer(scored({"▁", "a", "▁a", "a▁"}));
    EXPECT_EQ(cut.encode("a a", {false}), (Ids{kFirst + 2, kFirst + 2}));
    // "▁a" scores higher than "a▁" and takes the letters first.
    EXPECT_EQ(whole.encode("a a", {false}), (Ids{kFirst + 2, kFirst + 2}));
    Vocabulary other = scored({"▁", "a", "a▁", "▁a"});
    EXPECT_EQ(makeTokenizer(other).encode("a a", {false}), (Ids{kFirst, kFirst + 2, kFirst + 1}));
}

std::string refusal(const Vocabulary& vocabulary) {
    try {
        makeTokenizer(vocabulary);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Tokenizer, RefusesBrokenVocabulariesWithASentence) {
    EXPECT_NE(refusal(scored({"a", "b", "a"})).find("has the piece 'a' twice, as token 259 and 261"), std::string::npos);
    Vocabulary pairs = bytePairs({"h e"});
    pairs.merges.clear();
    EXPECT_NE(refusal(pairs).find("no merges"), std::string::npos);
    pairs.merges = {"he"};
    EXPECT_NE(refusal(pairs).find("'he' as merge 0, which is no pair"), std::string::npos);
    pairs.merges = {"h \xe4\xb8\x80"};
    EXPECT_NE(refusal(pairs).find("stand for no bytes"), std::string::npos);
    EXPECT_NE(refusal(bytePairs({"h e"}, "no-such-rule")).find("'no-such-rule' (tokenizer.ggml.pre)"), std::string::npos);
    Vocabulary other = scored({"a"});
    other.model = "rwkv";
    EXPECT_NE(refusal(other).find("the kind 'rwkv'"), std::string::npos);
}

TEST(Tokenizer, StopsWhenAsked) {
    const Tokenizer tokenizer = makeTokenizer(bytePairs({"h e"}));
    std::stop_source stop;
    stop.request_stop();
    JobContext job(stop.get_token());
    EXPECT_THROW(tokenizer.encode("some text", {}, job), Cancelled);
}

}  // namespace
}  // namespace bitlathe
