#include "core/language/vocabulary.h"

#include "core/base/error.h"

#include <cmath>
#include <string_view>
#include <utility>

namespace bitlathe {

namespace {

constexpr std::size_t kMostTokens = std::size_t(1) << 24;

[[noreturn]] void refuse(const Vocabulary& of, const std::string& what) {
    refuseInput("the vocabulary of '" + of.file + "' " + what + "; the file is damaged or was made by a broken converter, fetch or convert it again");
}

void checkLength(const Vocabulary& of, std::size_t length, std::string_view what) {
    if (length != 0 && length != of.tokens.size())
        refuse(of, "has " + std::to_string(of.tokens.size()) + " tokens but " + std::to_string(length) + " " + std::string(what));
}

}  // namespace

void checkVocabulary(const Vocabulary& of) {
    if (of.tokens.empty()) refuse(of, "has no tokens");
    if (of.tokens.size() > kMostTokens) refuse(of, "has " + std::to_string(of.tokens.size()) + " tokens, more than " + std::to_string(kMostTokens));
    checkLength(of, of.scores.size(), "scores");
    checkLength(of, of.kinds.size(), "token types");
    for (std::size_t i = 0; i < of.scores.size(); ++i)
        if (std::isnan(of.scores[i])) refuse(of, "has a score for token " + std::to_string(i) + " that is no number");
    for (std::size_t i = 0; i < of.kinds.size(); ++i)
        if (of.kinds[i] < TokenKind::Normal || of.kinds[i] > TokenKind::Byte)
            refuse(of, "gives token " + std::to_string(i) + " the unknown type " + std::to_string(static_cast<int>(of.kinds[i])));
    for (const std::int32_t id : of.ends)
        if (id < 0 || static_cast<std::size_t>(id) >= of.tokens.size()) refuse(of, "names token " + std::to_string(id) + " as an end, but has " + std::to_string(of.tokens.size()) + " tokens");
    const std::pair<const char*, std::optional<std::int32_t>> special[] = {{"first token of a text", of.bos}, {"last token of a text", of.eos},
        {"last token of a turn", of.eot}, {"unknown token", of.unknown}, {"separator", of.separator}, {"padding", of.padding}, {"mask", of.mask}, {"class token", of.classify}};
    for (const auto& [what, id] : special)
        if (id && (*id < 0 || static_cast<std::size_t>(*id) >= of.tokens.size()))
            refuse(of, "names token " + std::to_string(*id) + " as the " + std::string(what) + ", but has " + std::to_string(of.tokens.size()) + " tokens");
}

}  // namespace bitlathe
