// The pre-tokenizers of known models, as their tokenizer.json files write them, and llama.cpp's names of them.
#include "core/language/tokenizer_cut_match.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bitlathe {
namespace {

using Json = nlohmann::json;

Json regex(const std::string& pattern, const std::string& behavior = "Isolated") { return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", false}}; }
Json byteLevel(bool useRegex, bool prefix = false) { return {{"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", true}, {"use_regex", useRegex}}; }
Json digits(bool each) { return {{"type", "Digits"}, {"individual_digits", each}}; }
Json sequence(const std::vector<Json>& parts) { return {{"type", "Sequence"}, {"pretokenizers", parts}}; }

std::string nameOf(const Json& preTokenizer, bool wholeWords = false) {
    return std::string(cutRuleLike({{"pre_tokenizer", preTokenizer}, {"model", {{"type", "BPE"}, {"ignore_merges", wholeWords}}}}, "tokenizer.json"));
}

const std::string kContractions = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))", kSpaces = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

TEST(CutMatch, NamesTheWaysOfKnownModels) {
    EXPECT_EQ(nameOf(byteLevel(true)), "gpt-2");
    EXPECT_EQ(nameOf(sequence({regex(kContractions + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces), byteLevel(false)}), true), "llama-bpe");
    EXPECT_EQ(nameOf(sequence({regex(kContractions + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces), byteLevel(false)})), "dbrx");
    EXPECT_EQ(nameOf(sequence({regex(kContractions + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" + kSpaces), byteLevel(false)})), "qwen2");
    EXPECT_EQ(nameOf(sequence({digits(true), byteLevel(true)})), "starcoder");
    EXPECT_EQ(nameOf(sequence({regex("[\r\n]"), regex(R"(\s?\p{L}+)"), regex(R"(\s?\p{P}+)"), regex("[一-龥ࠀ-一가-퟿]+"), digits(true), byteLevel(false)})), "deepseek-coder");
    EXPECT_EQ(nameOf(sequence({regex(R"(\p{N}{1,3})"), regex("[一-龥぀-ゟ゠-ヿ]+"),
                               regex(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)" + kSpaces), byteLevel(false)})), "deepseek-v3");
    const std::string words = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)", more = R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)";
    EXPECT_EQ(nameOf(sequence({regex(words + kContractions + "?" + more + kContractions + R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + kSpaces), byteLevel(false)})), "gpt-4o");
    EXPECT_EQ(nameOf(sequence({regex(words + more + R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" + kSpaces), byteLevel(false)}), true), "tekken");
}

TEST(CutMatch, AnotherWayHasNoName) {
    EXPECT_EQ(nameOf(sequence({regex(R"(\p{L}+|\p{N}{1,2}|.)"), byteLevel(false)})), "");
    EXPECT_EQ(nameOf(byteLevel(true, true)), "");  // a space before the text
    EXPECT_EQ(nameOf({{"type", "Unheard"}}), "");
    EXPECT_EQ(nameOf({{"type", "Split"}}), "");
}

}  // namespace
}  // namespace bitlathe
