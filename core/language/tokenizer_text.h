// Text as tokenizers see it: UTF-8 that may be damaged, its UTF-16 form for ICU with the way back, and the letters
// that byte-level vocabularies write bytes with. Knows no vocabularies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bitlathe {

struct Utf8Char {
    char32_t value = 0;  // U+FFFD for a byte that begins no character
    int bytes = 1;
    bool valid = true;
};

// The character that begins at text[at]; at < text.size(). A damaged one is one byte long.
Utf8Char utf8At(std::string_view text, std::size_t at) noexcept;

void appendUtf8(std::string& out, char32_t value);

// How many bytes at the end of the text begin a character whose rest is still to come: 0 to 3.
std::size_t unfinishedBytes(std::string_view text) noexcept;

// The text with U+FFFD in place of every damaged byte.
std::string validUtf8(std::string_view text);

// UTF-16 and, of every unit and of the end, the byte that it begins at. The second unit of a pair has the first one's.
struct Utf16Text {
    std::u16string units;
    std::vector<std::uint32_t> bytes;
};
void toUtf16(std::string_view text, Utf16Text& out);
std::string fromUtf16(std::u16string_view units);

// GPT-2's alphabet (openai/gpt-2, encoder.py, bytes_to_unicode): every byte as one visible character.
std::string byteLevelText(std::string_view bytes);
// The way back; nothing when the text has characters outside the alphabet.
std::optional<std::string> byteLevelBytes(std::string_view text);

// The byte that "<0xAB>" names.
std::optional<std::uint8_t> namedByte(std::string_view piece) noexcept;
std::string byteName(std::uint8_t byte);

// U+2581, which SentencePiece writes for a space.
inline constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

// From text to number, searched by views.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};
using TextMap = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

void replaceAll(std::string& text, std::string_view what, std::string_view with);

}  // namespace bitlathe
