#include "core/language/tokenizer_split.h"

#include <algorithm>

namespace bitlathe {

namespace {

using Range = TextSplitter::Range;

struct Stretch {
    Range at;
    bool match;
};

// Matches and what lies between them, in order; empty matches cut and leave nothing.
void addStretches(const std::vector<Range>& matches, Range piece, bool invert, std::vector<Stretch>& out) {
    std::uint32_t at = piece.begin;
    for (const Range& match : matches) {
        if (match.begin > at) out.push_back({{at, match.begin}, invert});
        if (match.end > match.begin) out.push_back({match, !invert});
        at = match.end;
    }
    if (at < piece.end) out.push_back({{at, piece.end}, invert});
}

void addMerged(const std::vector<Stretch>& stretches, SplitBehavior behavior, std::vector<Range>& out) {
    const std::size_t first = out.size();
    bool before = false;  // what the stretch before was
    for (std::size_t i = 0; i < stretches.size(); before = stretches[i].match, ++i) {
        const auto& [at, match] = stretches[i];
        bool join = false;
        switch (behavior) {
            case SplitBehavior::Removed:
                if (!match) out.push_back(at);
                continue;
            case SplitBehavior::Isolated: break;
            case SplitBehavior::Contiguous: join = i > 0 && match == before; break;
            case SplitBehavior::MergedWithPrevious: join = i > 0 && match && !before; break;
            case SplitBehavior::MergedWithNext: join = i > 0 && before && !match; break;
        }
        if (join && out.size() > first) out.back().end = at.end;
        else out.push_back(at);
    }
}

void addPrefixSpace(std::string& text, std::vector<Range>& pieces) {
    std::string out;
    for (Range& piece : pieces) {
        const std::string_view part = std::string_view(text).substr(piece.begin, piece.end - piece.begin);
        const auto begin = static_cast<std::uint32_t>(out.size());
        if (!part.starts_with(' ')) out += ' ';
        out += part;
        piece = {begin, static_cast<std::uint32_t>(out.size())};
    }
    text = std::move(out);
}

void addSpaceMarks(const SpaceMarks& marks, bool first, std::string& text, std::vector<Range>& pieces) {
    std::string out;
    std::vector<Range> cut;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        std::string part(text, pieces[i].begin, pieces[i].end - pieces[i].begin);
        replaceAll(part, " ", marks.mark);
        const bool prepend = marks.prepend == SpaceMarks::Prepend::Always || (marks.prepend == SpaceMarks::Prepend::First && first && i == 0);
        if (prepend && !part.starts_with(marks.mark)) part.insert(0, marks.mark);
        auto begin = static_cast<std::uint32_t>(out.size());
        if (marks.split && !marks.mark.empty())
            for (std::size_t at = part.find(marks.mark, 1); at != std::string::npos; at = part.find(marks.mark, at + 1)) {
                const auto here = static_cast<std::uint32_t>(out.size() + at);
                cut.push_back({begin, here});
                begin = here;
            }
        out += part;
        cut.push_back({begin, static_cast<std::uint32_t>(out.size())});
    }
    text = std::move(out);
    pieces = std::move(cut);
}

}  // namespace

TextSplitter::TextSplitter(const std::vector<SplitStep>& steps) : m_steps(steps) {
    for (const SplitStep& step : steps) {
        m_searchOf.push_back(m_searches.size());
        if (const auto* split = std::get_if<PatternSplit>(&step)) m_searches.emplace_back(split->pattern);
    }
}

void TextSplitter::cut(std::size_t step, const PatternSplit& split, const std::string& text, std::vector<Range>& pieces) {
    toUtf16(text, m_units);
    std::vector<Range> out, matches;
    std::vector<Stretch> stretches;
    std::size_t unit = 0;
    for (const Range piece : pieces) {
        const auto unitOf = [&](std::uint32_t byte) {
            while (m_units.bytes[unit] < byte) ++unit;
            return unit;
        };
        const std::size_t from = unitOf(piece.begin), to = unitOf(piece.end);
        matches.clear();
        stretches.clear();
        m_searches[m_searchOf[step]].run(m_units, from, to, [&](std::size_t begin, std::size_t end) { matches.push_back({m_units.bytes[begin], m_units.bytes[end]}); });
        addStretches(matches, piece, split.invert, stretches);
        addMerged(stretches, split.behavior, out);
    }
    pieces = std::move(out);
}

void TextSplitter::run(std::string& text, bool first, std::vector<Range>& pieces) {
    pieces.clear();
    if (text.empty()) return;
    pieces.push_back({0, static_cast<std::uint32_t>(text.size())});
    for (std::size_t i = 0; i < m_steps.size(); ++i) {
        if (const auto* split = std::get_if<PatternSplit>(&m_steps[i])) cut(i, *split, text, pieces);
        else if (const auto* marks = std::get_if<SpaceMarks>(&m_steps[i])) addSpaceMarks(*marks, first, text, pieces);
        else addPrefixSpace(text, pieces);
    }
}

}  // namespace bitlathe
