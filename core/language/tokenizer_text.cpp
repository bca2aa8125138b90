#include "core/language/tokenizer_text.h"

namespace bitlathe {

namespace {

constexpr char32_t kDamaged = 0xFFFD;

// Of byte values 0 to 255 the character of GPT-2's alphabet: printable Latin-1 stands for itself, the others follow
// from U+0100 in order.
std::array<char32_t, 256> makeAlphabet() {
    std::array<char32_t, 256> alphabet{};
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool itself = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
        alphabet[static_cast<std::size_t>(byte)] = itself ? static_cast<char32_t>(byte) : next++;
    }
    return alphabet;
}

const std::array<char32_t, 256>& alphabet() {
    static const std::array<char32_t, 256> kAlphabet = makeAlphabet();
    return kAlphabet;
}

int lengthFrom(unsigned char first) noexcept {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

// The bounds of the second byte (Unicode 15, table 3-7): no long forms, no surrogates, nothing beyond U+10FFFF.
bool secondByteFits(unsigned char first, unsigned char second) noexcept {
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

}  // namespace

Utf8Char utf8At(std::string_view text, std::size_t at) noexcept {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) return {first, 1, true};
    const int length = lengthFrom(first);
    if (length == 0 || at + static_cast<std::size_t>(length) > text.size()) return {kDamaged, 1, false};
    char32_t value = first & (0xFF >> (length + 1));
    for (int i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
        if ((byte & 0xC0) != 0x80 || (i == 1 && !secondByteFits(first, byte))) return {kDamaged, 1, false};
        value = value << 6 | (byte & 0x3F);
    }
    return {value, length, true};
}

void appendUtf8(std::string& out, char32_t value) {
    if (value < 0x80) {
        out += static_cast<char>(value);
    } else if (value < 0x800) {
        out += static_cast<char>(0xC0 | value >> 6);
        out += static_cast<char>(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        out += static_cast<char>(0xE0 | value >> 12);
        out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (value & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | value >> 18);
        out += static_cast<char>(0x80 | (value >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (value & 0x3F));
    }
}

std::size_t unfinishedBytes(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0) == 0x80) continue;
        const int length = lengthFrom(byte);
        if (length <= static_cast<int>(back)) return 0;
        if (back > 1 && !secondByteFits(byte, static_cast<unsigned char>(text[text.size() - back + 1]))) return 0;
        return back;
    }
    return 0;
}

std::string validUtf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = utf8At(text, at);
        if (c.valid) out += text.substr(at, static_cast<std::size_t>(c.bytes));
        else appendUtf8(out, kDamaged);
        at += static_cast<std::size_t>(c.bytes);
    }
    return out;
}

void toUtf16(std::string_view text, Utf16Text& out) {
    out.units.clear();
    out.bytes.clear();
    out.units.reserve(text.size());
    out.bytes.reserve(text.size() + 1);
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = utf8At(text, at);
        const auto byte = static_cast<std::uint32_t>(at);
        if (c.value >= 0x10000) {
            out.units += static_cast<char16_t>(0xD7C0 + (c.value >> 10));
            out.units += static_cast<char16_t>(0xDC00 + (c.value & 0x3FF));
            out.bytes.push_back(byte);
        } else {
            out.units += static_cast<char16_t>(c.value);
        }
        out.bytes.push_back(byte);
        at += static_cast<std::size_t>(c.bytes);
    }
    out.bytes.push_back(static_cast<std::uint32_t>(text.size()));
}

std::string fromUtf16(std::u16string_view units) {
    std::string out;
    out.reserve(units.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
        char32_t value = units[i];
        if (value >= 0xD800 && value < 0xDC00 && i + 1 < units.size() && units[i + 1] >= 0xDC00 && units[i + 1] < 0xE000)
            value = ((value - 0xD7C0) << 10) + (units[++i] - 0xDC00u);
        else if (value >= 0xD800 && value < 0xE000)
            value = kDamaged;
        appendUtf8(out, value);
    }
    return out;
}

std::string byteLevelText(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) appendUtf8(out, alphabet()[static_cast<unsigned char>(byte)]);
    return out;
}

std::optional<std::string> byteLevelBytes(std::string_view text) {
    static const std::array<std::int16_t, 0x144> kByteOf = [] {
        std::array<std::int16_t, 0x144> table{};
        table.fill(-1);
        for (std::size_t byte = 0; byte < 256; ++byte) table[alphabet()[byte]] = static_cast<std::int16_t>(byte);
        return table;
    }();
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = utf8At(text, at);
        if (!c.valid || c.value >= kByteOf.size() || kByteOf[c.value] < 0) return std::nullopt;
        out += static_cast<char>(kByteOf[c.value]);
        at += static_cast<std::size_t>(c.bytes);
    }
    return out;
}

std::optional<std::uint8_t> namedByte(std::string_view piece) noexcept {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
    int value = 0;
    for (const char c : piece.substr(3, 2)) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return std::nullopt;
        value = value * 16 + digit;
    }
    return static_cast<std::uint8_t>(value);
}

std::string byteName(std::uint8_t byte) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

void replaceAll(std::string& text, std::string_view what, std::string_view with) {
    if (what.empty() || text.find(what) == std::string::npos) return;
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0;;) {
        const std::size_t found = text.find(what, at);
        out.append(text, at, found == std::string::npos ? std::string::npos : found - at);
        if (found == std::string::npos) break;
        out += with;
        at = found + what.size();
    }
    text = std::move(out);
}

}  // namespace bitlathe
