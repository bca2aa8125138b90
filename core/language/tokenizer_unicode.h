// What ICU knows of characters: classes, normal forms, and regular expressions over UTF-8. The one place that includes
// ICU. Knows no tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct URegularExpression;

namespace bitlathe {

struct Utf16Text;

bool isWhiteSpace(char32_t c) noexcept;  // Unicode's White_Space
bool isWordChar(char32_t c) noexcept;    // letters, marks, decimal digits, connectors: \w
bool isPunctuation(char32_t c) noexcept; // general category P
bool isControl(char32_t c) noexcept;     // categories C but for unassigned ones
bool isAccent(char32_t c) noexcept;      // category Mn
bool isMark(char32_t c) noexcept;        // category M

enum class NormalForm { Nfc, Nfd, Nfkc, Nfkd };
// Unicode normalization (UAX 15). Damaged bytes become U+FFFD.
std::string normalForm(std::string_view text, NormalForm form);
// Full lower case of each character by itself (SpecialCasing.txt without context and language).
std::string lowerCase(std::string_view text);

// A regular expression over Unicode text, as tokenizers write them: \s, \w and \p{…} with Unicode's meaning.
class TextPattern {
public:
    // `lines`: ^ and $ match at line ends too. Throws Error(Input) with the reason, the place and `of`, the file.
    TextPattern(std::string_view pattern, const std::string& of, bool lines = false);

    // Calls found(begin, end) for the matches from left to right, empty ones too: places in the UTF-16 text
    // within [begin, end), which is looked at as a text of its own. From any thread. Throws Error(Input) when the pattern takes for ever.
    class Search {
    public:
        explicit Search(const TextPattern& pattern);
        void run(const Utf16Text& text, std::size_t begin, std::size_t end, const std::function<void(std::size_t, std::size_t)>& found);

    private:
        std::shared_ptr<URegularExpression> m_expression;
    };
    const std::string& text() const noexcept { return m_text; }

private:
    std::string m_text;
    std::shared_ptr<URegularExpression> m_expression;
};

}  // namespace bitlathe
