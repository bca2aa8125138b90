#include "core/language/vocabulary.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace bitlathe {
namespace {

Vocabulary small() {
    Vocabulary vocabulary;
    vocabulary.file = "small.gguf";
    vocabulary.model = "llama";
    vocabulary.tokens = {"<unk>", "a", "b", "ab"};
    vocabulary.scores = {0, -1, -2, -3};
    vocabulary.kinds = {TokenKind::Unknown, TokenKind::Normal, TokenKind::Normal, TokenKind::Normal};
    return vocabulary;
}

std::string refusal(const std::function<void(Vocabulary&)>& damage) {
    Vocabulary vocabulary = small();
    damage(vocabulary);
    try {
        checkVocabulary(vocabulary);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(Vocabulary, TakesAWholeOne) { EXPECT_NO_THROW(checkVocabulary(small())); }

TEST(Vocabulary, RefusesWhatCannotBeWithASentence) {
    EXPECT_NE(refusal([](Vocabulary& v) { v.tokens.clear(); }).find("'small.gguf' has no tokens"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.scores.pop_back(); }).find("4 tokens but 3 scores"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.kinds.resize(9, TokenKind::Normal); }).find("4 tokens but 9 token types"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.kinds[2] = TokenKind(7); }).find("token 2 the unknown type 7"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.scores[1] = std::nanf(""); }).find("token 1"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.bos = 4; }).find("token 4 as the first token"), std::string::npos);
    EXPECT_NE(refusal([](Vocabulary& v) { v.eos = -1; }).find("token -1 as the last token"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
