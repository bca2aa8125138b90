#include "core/language/tokenizer_normalize.h"

#include "core/base/error.h"
#include "core/language/tokenizer_text.h"

#include <cstring>

namespace bitlathe {

namespace {

constexpr std::size_t kLongestCluster = 5;  // bytes that tokenizer.json's Precompiled looks up as one

template <class F>
std::string eachChar(std::string_view text, F&& change) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = utf8At(text, at);
        change(c.value, text.substr(at, static_cast<std::size_t>(c.bytes)), out);
        at += static_cast<std::size_t>(c.bytes);
    }
    return out;
}

std::string without(std::string_view text, bool (*drop)(char32_t) noexcept) {
    return eachChar(text, [&](char32_t c, std::string_view bytes, std::string& out) {
        if (c < 0x80 || !drop(c)) out += bytes;
    });
}

// Chinese characters as BERT has them, with the gap that tokenizer.json's version keeps.
bool isIdeograph(char32_t c) noexcept {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

std::string bertCleaned(std::string text, const BertClean& step) {
    if (step.clean)
        text = eachChar(text, [](char32_t c, std::string_view bytes, std::string& out) {
            const bool space = isWhiteSpace(c);
            if (c == 0 || c == 0xFFFD || (isControl(c) && c != '\t' && c != '\n' && c != '\r')) return;
            if (space) out += ' ';
            else out += bytes;
        });
    if (step.spaceIdeographs)
        text = eachChar(text, [](char32_t c, std::string_view bytes, std::string& out) {
            const bool alone = isIdeograph(c);
            if (alone) out += ' ';
            out += bytes;
            if (alone) out += ' ';
        });
    if (step.stripAccents) text = without(normalForm(text, NormalForm::Nfd), isAccent);
    if (step.lowerCase) text = lowerCase(text);
    return text;
}

std::string stripped(std::string_view text, const StripSpace& step) {
    if (step.left)
        while (!text.empty() && isWhiteSpace(utf8At(text, 0).value)) text.remove_prefix(static_cast<std::size_t>(utf8At(text, 0).bytes));
    while (step.right && !text.empty()) {
        std::size_t last = text.size() - 1;
        while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
        if (!isWhiteSpace(utf8At(text, last).value)) break;
        text = text.substr(0, last);
    }
    return std::string(text);
}

std::string sentencePieceCleaned(std::string_view text) {
    return eachChar(text, [](char32_t c, std::string_view bytes, std::string& out) {
        if ((c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F) return;
        const bool space = c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
        if (space) out += ' ';
        else out += bytes;
    });
}

std::string replacedPattern(const std::string& text, const ReplacePattern& step) {
    Utf16Text units;
    toUtf16(text, units);
    std::string out;
    std::size_t at = 0;
    TextPattern::Search(step.pattern).run(units, 0, units.units.size(), [&](std::size_t begin, std::size_t end) {
        out.append(text, at, units.bytes[begin] - at);
        out += step.with;
        at = units.bytes[end];
    });
    return out.append(text, at);
}

std::string mappedByPrefixes(std::string_view text, const CharsMap& map) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::string_view with;
        const std::size_t length = map.longest(text, at, with);
        const Utf8Char c = utf8At(text, at);
        if (length > 0) out += with;
        else if (c.valid) out += text.substr(at, static_cast<std::size_t>(c.bytes));
        else appendUtf8(out, 0xFFFD);
        at += length > 0 ? length : static_cast<std::size_t>(c.bytes);
    }
    return out;
}

std::string mappedByClusters(const std::string& text, const MapChars& step) {
    Utf16Text units;
    toUtf16(text, units);
    std::string out;
    TextPattern::Search(*step.clusters).run(units, 0, units.units.size(), [&](std::size_t begin, std::size_t end) {
        const std::string_view cluster = std::string_view(text).substr(units.bytes[begin], units.bytes[end] - units.bytes[begin]);
        std::string_view with;
        if (cluster.size() <= kLongestCluster && step.map.shortest(cluster, with)) {
            out += with;
            return;
        }
        out += eachChar(cluster, [&](char32_t, std::string_view bytes, std::string& part) {
            std::string_view one;
            part += step.map.shortest(bytes, one) ? one : bytes;
        });
    });
    return out;
}

struct Apply {
    std::string text;
    std::string operator()(const PrependText& step) { return text.empty() ? std::move(text) : step.text + text; }
    std::string operator()(const ReplaceText& step) {
        replaceAll(text, step.what, step.with);
        return std::move(text);
    }
    std::string operator()(const ReplacePattern& step) { return replacedPattern(text, step); }
    std::string operator()(NormalForm form) { return normalForm(text, form); }
    std::string operator()(const LowerCase&) { return lowerCase(text); }
    std::string operator()(const StripAccents&) { return without(text, isMark); }
    std::string operator()(const StripSpace& step) { return stripped(text, step); }
    std::string operator()(const BertClean& step) { return bertCleaned(std::move(text), step); }
    std::string operator()(const SentencePieceClean&) { return sentencePieceCleaned(text); }
    std::string operator()(const MapChars& step) { return step.clusters ? mappedByClusters(text, step) : mappedByPrefixes(text, step.map); }
    std::string operator()(const MergeSpaces& step) {
        std::string out;
        bool inWord = false, any = false;
        for (const char c : text) {
            if (c != ' ') {
                if (!inWord && (step.merge || !any)) out += ' ';
                any = true;
            }
            if (c != ' ' || !step.merge) out += c;
            inWord = c != ' ';
        }
        return out;
    }
};

}  // namespace

CharsMap::CharsMap(std::string_view bytes, const std::string& of) {
    std::uint32_t length = 0;
    if (bytes.size() >= 4) std::memcpy(&length, bytes.data(), 4);
    if (bytes.size() < 4 || length % 4 != 0 || length > bytes.size() - 4 || bytes.size() - 4 == length || bytes.back() != '\0')
        refuseInput("'" + of + "' has a compiled normalization of " + std::to_string(bytes.size()) + " bytes that is none; the file is damaged, fetch or convert it again");
    m_units.resize(length / 4);
    std::memcpy(m_units.data(), bytes.data() + 4, length);
    m_replacements = bytes.substr(4 + length);
}

template <class F>
void CharsMap::walk(std::string_view text, F&& leaf) const {
    const auto unit = [&](std::size_t at) { return at < m_units.size() ? m_units[at] : 0u; };
    const auto base = [](std::uint32_t packed) { return (packed >> 10) << ((packed & (1u << 9)) >> 6); };
    std::size_t node = base(unit(0));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == 0) return;
        node ^= byte;
        const std::uint32_t packed = unit(node);
        if (node >= m_units.size() || (packed & (1u << 31 | 0xFF)) != byte) return;
        node ^= base(packed);
        if (packed >> 8 & 1) {
            const std::size_t place = unit(node) & ~(1u << 31);
            if (place >= m_replacements.size()) return;
            if (!leaf(i + 1, std::string_view(m_replacements.c_str() + place))) return;
        }
    }
}

std::size_t CharsMap::longest(std::string_view text, std::size_t at, std::string_view& with) const {
    std::size_t found = 0;
    walk(text.substr(at), [&](std::size_t length, std::string_view replacement) {
        found = length;
        with = replacement;
        return true;
    });
    return found;
}

bool CharsMap::shortest(std::string_view text, std::string_view& with) const {
    bool found = false;
    walk(text, [&](std::size_t, std::string_view replacement) {
        found = true;
        with = replacement;
        return false;
    });
    return found;
}

std::string normalized(std::string text, const std::vector<NormalizeStep>& steps) {
    for (const NormalizeStep& step : steps) text = std::visit(Apply{std::move(text)}, step);
    return text;
}

}  // namespace bitlathe
