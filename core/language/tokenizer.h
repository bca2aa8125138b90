// Text ⇄ tokens, as a language model reads it: one immutable value, whichever file it came from. Knows no networks.
// tokenizer_parts.h says what it is made of.
#pragma once

#include "core/base/job.h"
#include "core/language/vocabulary.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct TokenizerParts;

struct EncodeOptions {
    bool addSpecial = true;     // what the vocabulary wants at the beginning and the end of a text: BOS, EOS, [CLS] …
    bool parseSpecial = false;  // "<s>" in the text is the token, and not the characters
};

class Tokenizer {
public:
    explicit Tokenizer(TokenizerParts parts);

    // Any bytes are a text. From any thread. Throws Error(Input) where a tokenizer's own pattern gives up.
    std::vector<std::int32_t> encode(std::string_view text, EncodeOptions options = {}) const;
    // The same for long texts: goes through them in pieces that encode alike, so that it can be stopped.
    std::vector<std::int32_t> encode(std::string_view text, EncodeOptions options, JobContext& job) const;

    // The bytes that the tokens stand for; may end within a character. The space that encoding puts before a text is
    // taken away again. Control tokens are left out, or written as their names. Ids out of range are left out.
    std::string decode(std::span<const std::int32_t> tokens, bool showControl = false) const;
    // The bytes of one token after another one; of a control token its name. Empty where out of range.
    const std::string& piece(std::int32_t token) const noexcept;
    // The piece as the file has it: "▁the", "Ġthe".
    const std::string& storedPiece(std::int32_t token) const noexcept;
    TokenKind kind(std::int32_t token) const noexcept;

    std::int32_t size() const noexcept;
    std::optional<std::int32_t> bos() const noexcept;  // begins a text
    std::optional<std::int32_t> eos() const noexcept;  // ends a text
    std::optional<std::int32_t> eot() const noexcept;  // ends a turn
    std::optional<std::int32_t> unknown() const noexcept;
    // True when encode() begins a text with BOS: perplexity is then measured with it, too.
    bool addsBos() const noexcept;
    // True for tokens after which a model has nothing more to say.
    bool ends(std::int32_t token) const noexcept;
    // For people: "byte pairs (qwen2), 151,936 tokens".
    const std::string& name() const noexcept;

private:
    friend class TextStream;
    void encodePart(std::string_view text, bool first, struct EncodeWork& work, std::vector<std::int32_t>& out) const;
    std::vector<std::int32_t> encodeParts(std::string_view text, EncodeOptions options, JobContext* job) const;
    std::shared_ptr<const TokenizerParts> m_parts;
};

// Tokens as they come, as text that never ends within a character.
class TextStream {
public:
    // `continues`: the tokens go on where others ended, so a first space is one.
    explicit TextStream(Tokenizer tokenizer, bool continues = false, bool showControl = false);
    // Valid UTF-8: what this token completes; may be empty. Damaged bytes become U+FFFD.
    std::string push(std::int32_t token);
    // What is left: an unfinished character as U+FFFD.
    std::string finish();

private:
    Tokenizer m_tokenizer;
    std::string m_waiting;
    bool m_first, m_showControl;
};

}  // namespace bitlathe
