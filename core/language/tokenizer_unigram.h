// The unigram language model (Kudo 2018, arXiv:1804.10959): of all ways to cut a text into pieces the one whose scores
// sum highest. Knows no files.
#pragma once

#include "core/language/tokenizer_merge.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

class UnigramModel {
public:
    // `scores`: log probabilities of each token id; `unknownScore`: of a character that no piece covers. Neighbouring
    // unknown characters become one token where unknowns.fuse is set.
    UnigramModel(const TextMap& tokens, std::vector<float> scores, float unknownScore, UnknownPieces unknowns);

    // Appends the tokens of a text.
    void encode(std::string_view text, std::vector<std::int32_t>& out) const;

private:
    struct Node {
        std::int32_t token = -1, first = -1, count = 0;  // children: m_edges[first, first + count), by byte
    };
    struct Edge {
        unsigned char byte;
        std::int32_t node;
    };
    std::int32_t child(std::int32_t node, unsigned char byte) const noexcept;
    std::vector<Node> m_nodes;
    std::vector<Edge> m_edges;
    std::vector<float> m_scores;
    double m_unknownScore;
    UnknownPieces m_unknowns;
};

}  // namespace bitlathe
