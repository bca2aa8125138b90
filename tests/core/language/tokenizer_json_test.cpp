#include "core/language/tokenizer_json.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace bitlathe {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<std::int32_t>;

std::string golden(const std::string& name) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/language/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
const Json& cases() {
    static const Json kCases = Json::parse(golden("tokenizers.json"));
    return kCases;
}
Tokenizer tokenizerOf(const Json& of) { return readTokenizerJson(of.at("tokenizer").dump(), of.at("name").get<std::string>()); }

// Where two lists part, with what is around it.
std::string parting(const Tokenizer& tokenizer, const Ids& ours, const Ids& theirs) {
    const auto at = static_cast<std::size_t>(std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end()).first - ours.begin());
    std::string text = std::to_string(ours.size()) + " and " + std::to_string(theirs.size()) + " tokens, apart at " + std::to_string(at) + ":";
    for (std::size_t i = at < 4 ? 0 : at - 4; i < std::min(at + 4, ours.size()); ++i) text += " '" + tokenizer.storedPiece(ours[i]) + "'";
    text += " instead of";
    for (std::size_t i = at; i < std::min(at + 4, theirs.size()); ++i) text += " '" + tokenizer.storedPiece(theirs[i]) + "'";
    return text;
}

TEST(TokenizerJson, GivesTheTokensThatItsOwnLibraryGives) {
    const std::string text = golden("multilingual.txt");
    ASSERT_GE(cases().size(), 18u);
    for (const Json& one : cases()) {
        const auto name = one.at("name").get<std::string>();
        const Tokenizer tokenizer = tokenizerOf(one);
        const Ids ours = tokenizer.encode(text, {true, true}), theirs = one.at("ids").get<Ids>();
        EXPECT_TRUE(ours == theirs) << name << ": " << parting(tokenizer, ours, theirs);
        for (const Json& part : one.at("short")) {
            const Ids few = tokenizer.encode(part.at("text").get<std::string>(), {true, true}), expected = part.at("ids").get<Ids>();
            EXPECT_TRUE(few == expected) << name << ", '" << part.at("text") << "': " << parting(tokenizer, few, expected);
        }
    }
}

TEST(TokenizerJson, GivesBackTheTextThatItsOwnLibraryGives) {
    for (const Json& one : cases()) {
        if (one.at("tokenizer").at("decoder").is_null()) continue;
        const Tokenizer tokenizer = tokenizerOf(one);
        const auto theirs = one.at("decoded").get<std::string>();
        const std::string ours = tokenizer.decode(one.at("ids").get<Ids>());
        const auto at = static_cast<std::size_t>(std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end()).first - ours.begin());
        EXPECT_TRUE(ours == theirs) << one.at("name") << ": at byte " << at << " '" << ours.substr(at < 10 ? 0 : at - 10, 30) << "' and '" << theirs.substr(at < 10 ? 0 : at - 10, 30) << "'";
    }
}

TEST(TokenizerJson, LeavesControlTokensAsTextUnlessAsked) {
    for (const Json& one : cases()) {
        if (one.at("name") != "llama 3") continue;
        const Tokenizer tokenizer = tokenizerOf(one);
        EXPECT_EQ(tokenizer.encode("<s>", {false, true}).size(), 1u);
        EXPECT_GT(tokenizer.encode("<s>", {false, false}).size(), 1u);
        EXPECT_TRUE(tokenizer.addsBos());
        EXPECT_EQ(tokenizer.storedPiece(*tokenizer.bos()), "<s>");
        return;
    }
    FAIL();
}

TEST(TokenizerJson, TheConfigNamesTheTokensThatEndTexts) {
    for (const Json& one : cases()) {
        if (one.at("name") != "qwen 2") continue;
        const Tokenizer tokenizer = readTokenizerJson(one.at("tokenizer").dump(), "tokenizer.json", R"({"eos_token": {"content": "<|im_start|>"}, "bos_token": null})");
        EXPECT_EQ(tokenizer.storedPiece(*tokenizer.eos()), "<|im_start|>");
        EXPECT_EQ(tokenizer.storedPiece(*tokenizer.eot()), "<|im_end|>");
        EXPECT_TRUE(tokenizer.ends(*tokenizer.eot()));
    }
}

std::string refusal(const std::function<void(Json&)>& damage) {
    Json json = cases().at(0).at("tokenizer");
    damage(json);
    try {
        readTokenizerJson(json.dump(), "tokenizer.json");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(TokenizerJson, RefusesWhatCannotBeWithASentence) {
    EXPECT_EQ(refusal([](Json&) {}), "");
    EXPECT_NE(refusal([](Json& j) { j.erase("model"); }).find("has no model"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["merges"][3] = "onepiece"; }).find("'onepiece' as merge 3, which is no pair"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["merges"][3] = "q zz"; }).find("'zz', which is no piece"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["type"] = "Magic"; }).find("of the kind 'Magic'"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["vocab"]["!"] = -5; }).find("the number -5"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["vocab"]["!"] = 1 << 30; }).find("which is none of a token"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["model"]["vocab"] = 3; }).find("'tokenizer.json'"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["pre_tokenizer"] = {{"type", "Strange"}}; }).find("a pre-tokenizer 'Strange'"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["normalizer"] = {{"type", "Strange"}}; }).find("a normalizer 'Strange'"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "(["}}}, {"behavior", "Isolated"}, {"invert", false}}; }).find("no regular expression"), std::string::npos);
    EXPECT_NE(refusal([](Json& j) { j["added_tokens"][0]["id"] = "x"; }).find("'tokenizer.json'"), std::string::npos);
    EXPECT_THROW(readTokenizerJson("not json", "tokenizer.json"), Error);
    EXPECT_THROW(readTokenizerJson(std::string(100000, '['), "tokenizer.json"), Error);
    std::string deep = "{\"model\":";
    for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
    EXPECT_THROW(readTokenizerJson(deep, "tokenizer.json"), Error);
}

}  // namespace
}  // namespace bitlathe
