// What a file says of the pieces that a language model reads text in: plain data, as GGUF names it, whichever file it
// came from. Knows no text: tokenizer.h turns it into tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

// GGUF's numbers (tokenizer.ggml.token_type).
enum class TokenKind : std::uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct Vocabulary {
    std::string file;   // its name, for messages
    std::string name;   // what the model calls itself; may be empty
    std::string model;  // "llama" (pieces with scores), "gpt2" (byte pairs), "bert" (word pieces), "t5" (unigrams)
    std::string pre;    // how text is cut before byte pairs are merged: "llama-bpe", "qwen2" …; may be empty
    std::vector<std::string> tokens;  // the piece of each id, any bytes
    std::vector<float> scores;        // as many as tokens, or none
    std::vector<TokenKind> kinds;     // as many as tokens, or none: all normal
    std::vector<std::string> merges;  // "left right", most important first
    std::optional<std::int32_t> bos, eos, eot, unknown, separator, padding, mask, classify;
    std::vector<std::int32_t> ends;  // further tokens after which the model has nothing more to say
    std::optional<bool> addBos, addEos, addSeparator;         // what encoding adds; the model's custom where absent
    std::optional<bool> addSpacePrefix, dropExtraSpaces;
    std::string charsMap;  // SentencePiece's compiled normalization; may be empty

    TokenKind kind(std::size_t id) const noexcept { return kinds.empty() ? TokenKind::Normal : kinds[id]; }
    bool operator==(const Vocabulary&) const = default;
};

// Throws Error(Input) naming the file and the place: no tokens, more than 2^24, lists of different lengths, scores that
// are no numbers, special ids outside the vocabulary.
void checkVocabulary(const Vocabulary& vocabulary);

}  // namespace bitlathe
