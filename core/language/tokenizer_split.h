// Cutting normalized text into the words that a model sees one at a time ("pre-tokenizing"). Steps follow each other;
// each looks at the pieces that the one before it left. Knows no tokens.
#pragma once

#include "core/language/tokenizer_text.h"
#include "core/language/tokenizer_unicode.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bitlathe {

// What becomes of the text that a pattern matches (the names are tokenizer.json's).
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

struct PatternSplit {
    TextPattern pattern;
    SplitBehavior behavior = SplitBehavior::Isolated;
    bool invert = false;  // what lies between matches is what matches
};
// A space before each piece that does not begin with one (add_prefix_space of ByteLevel).
struct PrefixSpace {};
// SentencePiece's way: spaces become `mark`, a mark goes before the text, and pieces begin at marks.
struct SpaceMarks {
    enum class Prepend { Never, First, Always };
    std::string mark;
    Prepend prepend = Prepend::Always;
    bool split = true;
};
using SplitStep = std::variant<PatternSplit, PrefixSpace, SpaceMarks>;

class TextSplitter {
public:
    struct Range {
        std::uint32_t begin, end;  // bytes
    };
    explicit TextSplitter(const std::vector<SplitStep>& steps);

    // Cuts `text`, which the steps may change; `first`: nothing stands before it in the text as it was given. Pieces
    // are not empty and lie in order.
    void run(std::string& text, bool first, std::vector<Range>& pieces);

private:
    void cut(std::size_t step, const PatternSplit& split, const std::string& text, std::vector<Range>& pieces);
    const std::vector<SplitStep>& m_steps;
    std::vector<TextPattern::Search> m_searches;  // as many as PatternSplits
    std::vector<std::size_t> m_searchOf;
    Utf16Text m_units;
};

}  // namespace bitlathe
