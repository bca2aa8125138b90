#include "core/language/tokenizer_unicode.h"

#include "core/base/error.h"
#include "core/base/plain_text.h"
#include "core/language/tokenizer_text.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uregex.h>
#include <unicode/ustring.h>

#include <algorithm>

namespace bitlathe {

namespace {

// ICU's unit of match time is a number of steps, of which a second has about a thousand: far beyond what text needs.
constexpr int kMostSteps = 2000, kMostStackBytes = 16 << 20;

void checkIcu(UErrorCode status, const char* what) {
    if (U_FAILURE(status)) refuseInput(std::string("ICU cannot ") + what + ": " + u_errorName(status) + "; install libicu with its data");
}

// ICU's \s lacks U+000B and U+0085, which White_Space has and every tokenizer's regular expressions too.
std::string withWhiteSpace(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '\\' || i + 1 == pattern.size()) {
            out += pattern[i];
            continue;
        }
        const char next = pattern[++i];
        if (next == 's') out += "\\p{White_Space}";
        else if (next == 'S') out += "\\P{White_Space}";
        else out += {'\\', next};
    }
    return out;
}

std::shared_ptr<URegularExpression> owned(URegularExpression* expression) { return {expression, [](URegularExpression* e) { uregex_close(e); }}; }

bool hasCategory(char32_t c, std::uint32_t mask) noexcept { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0; }

}  // namespace

bool isWhiteSpace(char32_t c) noexcept { return u_isUWhiteSpace(static_cast<UChar32>(c)); }
bool isWordChar(char32_t c) noexcept {
    return u_isUAlphabetic(static_cast<UChar32>(c)) || hasCategory(c, U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) || c == 0x200C || c == 0x200D;
}
bool isPunctuation(char32_t c) noexcept { return hasCategory(c, U_GC_P_MASK); }
bool isControl(char32_t c) noexcept { return hasCategory(c, U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK); }
bool isAccent(char32_t c) noexcept { return hasCategory(c, U_GC_MN_MASK); }
bool isMark(char32_t c) noexcept { return hasCategory(c, U_GC_M_MASK); }

std::string normalForm(std::string_view text, NormalForm form) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* normalizer = form == NormalForm::Nfc    ? unorm2_getNFCInstance(&status)
                                     : form == NormalForm::Nfd  ? unorm2_getNFDInstance(&status)
                                     : form == NormalForm::Nfkc ? unorm2_getNFKCInstance(&status)
                                                                : unorm2_getNFKDInstance(&status);
    checkIcu(status, "normalize text");
    Utf16Text source;
    toUtf16(text, source);
    const auto length = static_cast<std::int32_t>(source.units.size());
    if (unorm2_quickCheck(normalizer, source.units.data(), length, &status) == UNORM_YES && U_SUCCESS(status)) return validUtf8(text);
    status = U_ZERO_ERROR;
    std::u16string out(source.units.size() + source.units.size() / 4 + 32, u'\0');
    std::int32_t made = unorm2_normalize(normalizer, source.units.data(), length, out.data(), static_cast<std::int32_t>(out.size()), &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
        status = U_ZERO_ERROR;
        out.resize(static_cast<std::size_t>(made));
        made = unorm2_normalize(normalizer, source.units.data(), length, out.data(), made, &status);
    }
    checkIcu(status, "normalize text");
    return fromUtf16(std::u16string_view(out).substr(0, static_cast<std::size_t>(made)));
}

std::string lowerCase(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char c = utf8At(text, at);
        if (c.value < 0x80) {
            out += static_cast<char>(c.value >= 'A' && c.value <= 'Z' ? c.value + 32 : c.value);
        } else {
            const Utf16Text one = [&] {
                Utf16Text made;
                std::string character;
                appendUtf8(character, c.value);
                toUtf16(character, made);
                return made;
            }();
            UErrorCode status = U_ZERO_ERROR;
            char16_t lower[8];
            const std::int32_t made = u_strToLower(lower, 8, one.units.data(), static_cast<std::int32_t>(one.units.size()), "", &status);
            checkIcu(status, "make lower case");
            out += fromUtf16({lower, static_cast<std::size_t>(made)});
        }
        at += static_cast<std::size_t>(c.bytes);
    }
    return out;
}

TextPattern::TextPattern(std::string_view pattern, const std::string& of, bool lines) : m_text(pattern) {
    Utf16Text units;
    toUtf16(withWhiteSpace(pattern), units);
    UErrorCode status = U_ZERO_ERROR;
    UParseError place{};
    const std::uint32_t flags = lines ? UREGEX_MULTILINE | UREGEX_UNIX_LINES : 0;
    m_expression = owned(uregex_open(units.units.data(), static_cast<std::int32_t>(units.units.size()), flags, &place, &status));
    if (U_FAILURE(status))
        refuseInput("'" + of + "' cuts text by the pattern '" + plainText(pattern) + "', which is no regular expression that we can run (" + u_errorName(status) + " at character " +
                    std::to_string(place.offset) + "); use a tokenizer whose pattern ICU understands");
}

TextPattern::Search::Search(const TextPattern& pattern) {
    UErrorCode status = U_ZERO_ERROR;
    m_expression = owned(uregex_clone(pattern.m_expression.get(), &status));
    uregex_setTimeLimit(m_expression.get(), kMostSteps, &status);
    uregex_setStackLimit(m_expression.get(), kMostStackBytes, &status);
    checkIcu(status, "prepare a regular expression");
}

void TextPattern::Search::run(const Utf16Text& text, std::size_t begin, std::size_t end, const std::function<void(std::size_t, std::size_t)>& found) {
    UErrorCode status = U_ZERO_ERROR;
    URegularExpression* expression = m_expression.get();
    uregex_setText(expression, text.units.data() + begin, static_cast<std::int32_t>(end - begin), &status);
    while (uregex_findNext(expression, &status)) {
        const std::int32_t from = uregex_start(expression, 0, &status), to = uregex_end(expression, 0, &status);
        found(begin + static_cast<std::size_t>(from), begin + static_cast<std::size_t>(to));
    }
    if (U_FAILURE(status))
        refuseInput(std::string("a tokenizer's regular expression gives up on this text (") + u_errorName(status) + "); the pattern backtracks without end, use another tokenizer or cut the text");
}

}  // namespace bitlathe
