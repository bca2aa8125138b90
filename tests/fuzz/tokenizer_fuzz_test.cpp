// Damaged vocabularies and odd texts: a clear error or a tokenizer that reads every text, never a crash.
#include "core/base/error.h"
#include "core/language/tokenizer_gguf.h"
#include "core/language/tokenizer_json.h"
#include "core/language/tokenizer_text.h"
#include "core/language/vocabulary_llama2c.h"
#include "tests/fuzz/mutations.h"
#include "tests/fuzz/random.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

namespace bitlathe {
namespace {

std::uint64_t rounds(std::uint64_t usual) {
    const char* asked = std::getenv("BITLATHE_FUZZ_ROUNDS");
    return asked ? std::strtoull(asked, nullptr, 10) : usual;
}

const nlohmann::json& cases() {
    static const nlohmann::json kCases = [] {
        std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/language/tokenizers.json");
        return nlohmann::json::parse(file);
    }();
    return kCases;
}

// True when it was taken; then every text must be read, and every id written.
bool feed(const std::function<Tokenizer()>& make, std::uint64_t seed) {
    try {
        const Tokenizer tokenizer = make();
        Random random{seed};
        std::string text = "Hello  wörld 123 <s>▁x\n";
        for (int i = 0; i < 24; ++i) text += static_cast<char>(random.next());
        const auto tokens = tokenizer.encode(text, {true, (random.next() & 1) != 0});
        for (const std::int32_t token : tokens) {
            EXPECT_GE(token, 0);
            EXPECT_LT(token, tokenizer.size());
        }
        tokenizer.decode(tokens, true);
        TextStream stream(tokenizer, false, true);
        for (const std::int32_t token : tokens) stream.push(token);
        tokenizer.decode(std::vector<std::int32_t>{-1, tokenizer.size(), 0});
        return true;
    } catch (const Error& error) {
        EXPECT_GT(error.message().size(), 20u);
        return false;
    }
}

TEST(TokenizerFuzz, TokenizerJsonWithAnyByteChanged) {
    int taken = 0;
    for (std::uint64_t i = 0; i < rounds(360); ++i) {
        const auto& one = cases().at(i % cases().size());
        const std::string bytes = mutated(one.at("tokenizer").dump(), i);
        taken += feed([&] { return readTokenizerJson(bytes, "tokenizer.json"); }, i);
    }
    EXPECT_GT(taken, 0);
}

// Parts of the well-formed document take each other's places.
TEST(TokenizerFuzz, TokenizerJsonWithPartsExchanged) {
    int taken = 0;
    for (std::uint64_t i = 0; i < rounds(400); ++i) {
        Random random{i};
        auto json = cases().at(random.next() % cases().size()).at("tokenizer");
        auto flat = json.flatten();
        for (int change = 0; change < 3; ++change) {
            const auto to = std::next(flat.begin(), static_cast<std::ptrdiff_t>(random.next() % flat.size()));
            const auto from = std::next(flat.begin(), static_cast<std::ptrdiff_t>(random.next() % flat.size()));
            switch (random.next() % 4) {
                case 0: *to = *from; break;
                case 1: *to = nullptr; break;
                case 2: *to = static_cast<std::int64_t>(random.next()); break;
                default: *to = ""; break;
            }
        }
        std::string bytes;
        try {
            bytes = flat.unflatten().dump();
        } catch (const nlohmann::json::exception&) {
            continue;
        }
        taken += feed([&] { return readTokenizerJson(bytes, "tokenizer.json"); }, i);
    }
    EXPECT_GT(taken, 0);
}

TEST(TokenizerFuzz, TokenizerJsonWithWholePartsOfOthers) {
    for (std::uint64_t i = 0; i < rounds(300); ++i) {
        Random random{i};
        auto json = cases().at(random.next() % cases().size()).at("tokenizer");
        for (const char* part : {"normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens", "model"})
            if (random.next() % 3 == 0) json[part] = cases().at(random.next() % cases().size()).at("tokenizer").at(part);
        feed([&] { return readTokenizerJson(json.dump(), "tokenizer.json"); }, i);
    }
}

TEST(TokenizerFuzz, VocabulariesOfGguf) {
    int taken = 0;
    for (std::uint64_t i = 0; i < rounds(600); ++i) {
        Random random{i};
        Vocabulary vocabulary;
        vocabulary.file = "fuzz";
        vocabulary.model = (const char*[]){"llama", "gpt2", "bert", "t5", "other"}[random.next() % 5];
        vocabulary.pre = (const char*[]){"", "llama-bpe", "qwen2", "tekken", "deepseek-llm", "superbpe", "none"}[random.next() % 7];
        const std::size_t count = random.next() % 300;
        for (std::size_t token = 0; token < count; ++token) {
            std::string piece = token < 256 && random.next() % 8 ? (random.next() % 2 ? byteName(static_cast<std::uint8_t>(token)) : byteLevelText(std::string(1, static_cast<char>(token)))) : "";
            for (std::uint64_t more = random.next() % 3; more > 0; --more) piece += static_cast<char>(random.next() % (random.next() % 2 ? 256 : 4) + (random.next() % 2 ? 'a' : 0));
            vocabulary.tokens.push_back(piece + (random.next() % 64 ? std::to_string(token) : ""));
        }
        if (random.next() % 4) vocabulary.scores.assign(count, static_cast<float>(static_cast<double>(random.next() % 100) - 50));
        if (random.next() % 4) {
            vocabulary.kinds.resize(count);
            for (TokenKind& kind : vocabulary.kinds) kind = static_cast<TokenKind>(random.next() % 8 ? 1 : random.next() % 7);
        }
        for (std::uint64_t merge = random.next() % 6; merge > 0 && count > 0; --merge) vocabulary.merges.push_back(vocabulary.tokens[random.next() % count] + " " + vocabulary.tokens[random.next() % count]);
        for (auto* id : {&vocabulary.bos, &vocabulary.eos, &vocabulary.unknown, &vocabulary.separator})
            if (random.next() % 3 == 0) *id = static_cast<std::int32_t>(random.next() % (count + 2)) - 1;
        for (auto* flag : {&vocabulary.addBos, &vocabulary.addEos, &vocabulary.addSpacePrefix, &vocabulary.dropExtraSpaces})
            if (random.next() % 2) *flag = random.next() % 2 != 0;
        for (std::uint64_t byte = random.next() % 4 ? 0 : random.next() % 64; byte > 0; --byte) vocabulary.charsMap += static_cast<char>(random.next() % 9);
        taken += feed([&] { return makeTokenizer(vocabulary); }, i);
    }
    EXPECT_GT(taken, 20);
}

TEST(TokenizerFuzz, CompiledNormalizationsOfAnyBytes) {
    for (std::uint64_t i = 0; i < rounds(400); ++i) {
        Random random{i};
        Vocabulary vocabulary;
        vocabulary.file = "fuzz";
        vocabulary.model = "t5";
        vocabulary.tokens = {"<pad>", "</s>", "<unk>", "▁", "a", "H", "e"};
        vocabulary.scores = {0, 0, 0, -1, -2, -3, -4};
        const std::uint32_t length = static_cast<std::uint32_t>(4 * (random.next() % 300));
        vocabulary.charsMap.resize(4 + length);
        std::memcpy(vocabulary.charsMap.data(), &length, 4);
        for (std::size_t byte = 4; byte < vocabulary.charsMap.size(); ++byte) vocabulary.charsMap[byte] = static_cast<char>(random.next());
        vocabulary.charsMap += std::string("abc\0x\0", 6);
        EXPECT_TRUE(feed([&] { return makeTokenizer(vocabulary); }, i));
    }
}

TEST(TokenizerFuzz, VocabulariesOfLlama2c) {
    std::string sample("\x09\0\0\0", 4);
    for (const char* text : {"<unk>", "\n<s>\n", "\n</s>\n", "<0x0A>", " ", "a", "b", " ab", "\xc3\xa4"}) {
        const std::string piece = text;
        const float score = -static_cast<float>(sample.size());
        const auto length = static_cast<std::int32_t>(piece.size());
        sample.append(reinterpret_cast<const char*>(&score), 4).append(reinterpret_cast<const char*>(&length), 4).append(piece);
    }
    const auto read = [](const std::string& bytes) { return makeTokenizer(readLlama2cVocabulary(std::as_bytes(std::span(bytes)), "tokenizer.bin")); };
    ASSERT_TRUE(feed([&] { return read(sample); }, 1));
    for (std::uint64_t i = 0; i < rounds(1500); ++i) feed([&] { return read(mutated(sample, i)); }, i);
}

}  // namespace
}  // namespace bitlathe
