#include "core/language/tokenizer_unigram.h"

#include <algorithm>
#include <limits>

namespace bitlathe {

UnigramModel::UnigramModel(const TextMap& tokens, std::vector<float> scores, float unknownScore, UnknownPieces unknowns)
    : m_scores(std::move(scores)), m_unknownScore(unknownScore), m_unknowns(unknowns) {
    std::vector<std::pair<std::string_view, std::int32_t>> sorted(tokens.begin(), tokens.end());
    std::sort(sorted.begin(), sorted.end());
    // Level by level: a node is a stretch of the sorted pieces that begin with the same bytes.
    struct Stretch {
        std::size_t begin, end, depth;
    };
    std::vector<Stretch> stretches = {{0, sorted.size(), 0}};
    m_nodes.emplace_back();
    for (std::size_t n = 0; n < stretches.size(); ++n) {
        auto [begin, end, depth] = stretches[n];
        if (begin < end && sorted[begin].first.size() == depth) {
            if (depth > 0) m_nodes[n].token = sorted[begin].second;
            ++begin;
        }
        m_nodes[n].first = static_cast<std::int32_t>(m_edges.size());
        while (begin < end) {
            const char byte = sorted[begin].first[depth];
            std::size_t next = begin;
            while (next < end && sorted[next].first[depth] == byte) ++next;
            m_edges.push_back({static_cast<unsigned char>(byte), static_cast<std::int32_t>(m_nodes.size())});
            m_nodes.emplace_back();
            stretches.push_back({begin, next, depth + 1});
            begin = next;
        }
        m_nodes[n].count = static_cast<std::int32_t>(m_edges.size()) - m_nodes[n].first;
    }
}

std::int32_t UnigramModel::child(std::int32_t node, unsigned char byte) const noexcept {
    const Node& of = m_nodes[static_cast<std::size_t>(node)];
    const auto begin = m_edges.begin() + of.first, end = begin + of.count;
    const auto found = std::lower_bound(begin, end, byte, [](const Edge& edge, unsigned char b) { return edge.byte < b; });
    return found == end || found->byte != byte ? -1 : found->node;
}

void UnigramModel::encode(std::string_view text, std::vector<std::int32_t>& out) const {
    struct Best {
        double score = -std::numeric_limits<double>::max();
        std::int32_t token = -1;  // −1: an unknown character
        std::uint32_t begin = 0;
    };
    std::vector<Best> best(text.size() + 1);
    best[0].score = 0.0;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = static_cast<std::size_t>(utf8At(text, at).bytes);
        const double here = best[at].score;
        const auto offer = [&](std::size_t end, double score, std::int32_t token) {
            if (here + score > best[end].score) best[end] = {here + score, token, static_cast<std::uint32_t>(at)};
        };
        bool single = false;
        std::int32_t node = 0;
        for (std::size_t end = at; end < text.size();) {
            node = child(node, static_cast<unsigned char>(text[end++]));
            if (node < 0) break;
            const std::int32_t token = m_nodes[static_cast<std::size_t>(node)].token;
            if (token < 0) continue;
            offer(end, m_scores[static_cast<std::size_t>(token)], token);
            single = single || end - at == length;
        }
        if (!single) offer(at + length, m_unknownScore, -1);
        at += length;
    }
    std::vector<std::pair<std::uint32_t, std::uint32_t>> path;
    for (auto end = static_cast<std::uint32_t>(text.size()); end > 0; end = best[end].begin) path.emplace_back(best[end].begin, end);
    std::reverse(path.begin(), path.end());
    bool fused = false;
    for (const auto& [begin, end] : path) {
        const std::int32_t token = best[end].token;
        if (token >= 0 && token != m_unknowns.token) out.push_back(token);
        else m_unknowns.append(text.substr(begin, end - begin), fused, out);
        if (token >= 0 && token != m_unknowns.token) fused = false;
    }
}

}  // namespace bitlathe
