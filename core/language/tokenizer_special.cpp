#include "core/language/tokenizer_special.h"

#include "core/language/tokenizer_text.h"
#include "core/language/tokenizer_unicode.h"

#include <algorithm>
#include <map>

namespace bitlathe {

namespace {

// The character before a place; 0 at the beginning.
char32_t charBefore(std::string_view text, std::size_t at) noexcept {
    for (std::size_t back = 1; back <= 4 && back <= at; ++back)
        if ((static_cast<unsigned char>(text[at - back]) & 0xC0) != 0x80) return utf8At(text, at - back).value;
    return 0;
}

std::size_t lengthBefore(std::string_view text, std::size_t at) noexcept {
    std::size_t back = 1;
    while (back < at && back < 4 && (static_cast<unsigned char>(text[at - back]) & 0xC0) == 0x80) ++back;
    return back;
}

bool standsAlone(std::string_view text, std::size_t begin, std::size_t end) noexcept {
    return (begin == 0 || !isWordChar(charBefore(text, begin))) && (end == text.size() || !isWordChar(utf8At(text, end).value));
}

}  // namespace

SpecialTokens::SpecialTokens(std::vector<SpecialToken> tokens, Order order) : m_tokens(std::move(tokens)), m_order(order) {
    if (order == Order::Longest)
        std::stable_sort(m_tokens.begin(), m_tokens.end(), [](const SpecialToken& a, const SpecialToken& b) { return a.text.size() > b.text.size(); });
    m_first.assign(256, -1);
    for (std::size_t i = 0; i < m_tokens.size(); ++i) {
        const std::string& text = m_tokens[i].text;
        if (text.empty()) continue;
        std::int32_t at = m_first[static_cast<unsigned char>(text[0])];
        if (at < 0) {
            at = m_first[static_cast<unsigned char>(text[0])] = static_cast<std::int32_t>(m_nodes.size());
            m_nodes.emplace_back();
        }
        for (const char byte : std::string_view(text).substr(1)) {
            auto& next = m_nodes[static_cast<std::size_t>(at)].next;
            const auto found = std::find_if(next.begin(), next.end(), [&](const auto& edge) { return edge.first == byte; });
            if (found != next.end()) {
                at = found->second;
                continue;
            }
            const auto fresh = static_cast<std::int32_t>(m_nodes.size());
            next.emplace_back(byte, fresh);
            m_nodes.emplace_back();
            at = fresh;
        }
        if (m_nodes[static_cast<std::size_t>(at)].token < 0) m_nodes[static_cast<std::size_t>(at)].token = static_cast<std::int32_t>(i);
    }
}

std::vector<SpecialTokens::Match> SpecialTokens::find(std::string_view text, bool control) const {
    std::vector<Match> all;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        std::int32_t at = m_first[static_cast<unsigned char>(text[begin])];
        for (std::size_t end = begin + 1; at >= 0; ++end) {
            const Node& node = m_nodes[static_cast<std::size_t>(at)];
            if (node.token >= 0) {
                const SpecialToken& token = m_tokens[static_cast<std::size_t>(node.token)];
                if ((control || !token.control) && (!token.wholeWord || standsAlone(text, begin, end))) all.push_back({begin, end, node.token});
            }
            if (end == text.size()) break;
            const auto found = std::find_if(node.next.begin(), node.next.end(), [&](const auto& edge) { return edge.first == text[end]; });
            at = found == node.next.end() ? -1 : found->second;
        }
    }
    if (m_order == Order::Leftmost)
        std::sort(all.begin(), all.end(), [](const Match& a, const Match& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
    else
        std::sort(all.begin(), all.end(), [](const Match& a, const Match& b) { return a.token != b.token ? a.token < b.token : a.begin < b.begin; });
    return all;
}

std::vector<SpecialTokens::Part> SpecialTokens::cut(std::string_view text, bool control) const {
    std::vector<Part> parts;
    std::map<std::size_t, Match> taken;  // by where they begin; they do not overlap
    if (!m_nodes.empty())
        for (const Match& match : find(text, control)) {
            const auto after = taken.lower_bound(match.begin);
            if (after != taken.end() && after->second.begin < match.end) continue;
            if (after != taken.begin() && std::prev(after)->second.end > match.begin) continue;
            taken.emplace_hint(after, match.begin, match);
        }
    std::size_t at = 0;
    for (const auto& [begin, match] : taken) {
        const SpecialToken& token = m_tokens[static_cast<std::size_t>(match.token)];
        std::size_t from = begin, to = match.end;
        if (token.stripLeft)
            while (from > at && isWhiteSpace(charBefore(text, from))) from -= lengthBefore(text, from);
        if (from > at) parts.push_back({text.substr(at, from - at), -1});
        if (token.stripRight) {
            const auto next = taken.upper_bound(begin);
            const std::size_t limit = next == taken.end() ? text.size() : next->first;
            while (to < limit && isWhiteSpace(utf8At(text, to).value)) to += static_cast<std::size_t>(utf8At(text, to).bytes);
        }
        parts.push_back({text.substr(begin, match.end - begin), token.id});
        at = to;
    }
    if (at < text.size()) parts.push_back({text.substr(at), -1});
    return parts;
}

}  // namespace bitlathe
