#include "core/language/tokenizer_wordpiece.h"

#include <algorithm>

namespace bitlathe {

void WordPieceModel::encode(std::string_view word, std::vector<std::int32_t>& out) const {
    const std::size_t before = out.size();
    const auto characters = static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    std::string piece;
    for (std::size_t begin = 0; begin < word.size() && characters <= longestWord;) {
        const std::string& prefix = begin == 0 ? beginPrefix : insidePrefix;
        std::size_t end = std::min(word.size(), begin + (longestPiece > prefix.size() ? longestPiece - prefix.size() : 0));
        for (; end > begin; --end) {
            piece.assign(prefix).append(word.substr(begin, end - begin));
            const auto found = tokens.find(std::string_view(piece));
            if (found == tokens.end()) continue;
            out.push_back(found->second);
            break;
        }
        if (end == begin) {
            out.resize(before);
            break;
        }
        begin = end;
    }
    if (out.size() == before && unknown >= 0 && !word.empty()) out.push_back(unknown);
}

void dropSpaceBeforePunctuation(std::string& piece) {
    static constexpr std::pair<std::string_view, std::string_view> kCleanings[] = {{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"},
        {" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (const auto& [what, with] : kCleanings) replaceAll(piece, what, with);
}

}  // namespace bitlathe
