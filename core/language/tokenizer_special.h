// Tokens that are found in a text as they stand, before anything else happens to it: "<s>", "<|im_end|>", added words.
// Knows no vocabularies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

struct SpecialToken {
    std::string text;
    std::int32_t id = 0;
    bool control = false;                // found only where special tokens are to be read
    bool stripLeft = false, stripRight = false;  // takes the white space beside it along
    bool wholeWord = false;              // not inside a word (single_word of tokenizer.json)
};

class SpecialTokens {
public:
    // What wins where matches overlap: the leftmost and there the longest (tokenizer.json), or the longest of the text
    // and then the one that comes first in the list (llama.cpp).
    enum class Order { Leftmost, Longest };
    struct Part {
        std::string_view text;  // raw text, never empty; of a token the text that it stands for
        std::int32_t id = -1;   // −1: raw text
    };

    SpecialTokens() = default;
    SpecialTokens(std::vector<SpecialToken> tokens, Order order);

    // Cuts the text; `control` says whether control tokens are read. Parts are views of the text.
    std::vector<Part> cut(std::string_view text, bool control) const;
    bool empty() const noexcept { return m_tokens.empty(); }

private:
    struct Node {
        std::int32_t token = -1;              // index of the token that ends here
        std::vector<std::pair<char, std::int32_t>> next;
    };
    struct Match {
        std::size_t begin, end;
        std::int32_t token;
    };
    std::vector<Match> find(std::string_view text, bool control) const;
    std::vector<SpecialToken> m_tokens;
    std::vector<Node> m_nodes;
    std::vector<std::int32_t> m_first;  // of each byte value the node; −1: none
    Order m_order = Order::Leftmost;
};

}  // namespace bitlathe
