#include "core/quant/user_table.h"

#include "core/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace bitlathe {

namespace {
constexpr std::size_t kMostLevels = 256;

bool separates(char c) noexcept { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r'; }
}  // namespace

std::vector<float> tableFromText(std::string_view text, const std::string& source) {
    std::vector<float> table;
    int line = 1;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '\n') {
            ++line, ++at;
        } else if (separates(text[at])) {
            ++at;
        } else if (text[at] == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else {
            const std::size_t begin = at;
            while (at < text.size() && !separates(text[at]) && text[at] != '\n' && text[at] != '#') ++at;
            std::string_view word = text.substr(begin, at - begin);
            if (word.size() > 1 && word.front() == '+') word.remove_prefix(1);
            float level = 0;
            const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), level);
            if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(level))
                throw Error(ErrorKind::Recipe, "table '" + source + "', line " + std::to_string(line) + ": '" + std::string(word.substr(0, 40)) +
                                                   "' is no finite number; write levels as numbers, one per line");
            if (table.size() == kMostLevels)
                throw Error(ErrorKind::Recipe, "table '" + source + "', line " + std::to_string(line) + ": there are more than 256 levels; keep at most 256");
            table.push_back(level);
        }
    }
    if (table.size() < 2) throw Error(ErrorKind::Recipe, "table '" + source + "' has " + std::to_string(table.size()) + " levels; give at least 2");
    return table;
}

std::string tableProblem(std::span<const float> table, int bits) {
    const std::size_t most = std::size_t{1} << std::clamp(bits, 0, 8);
    if (table.size() < 2 || table.size() > most)
        return "a table for codes of " + std::to_string(bits) + " bits has 2 to " + std::to_string(most) + " levels, not " + std::to_string(table.size());
    if (!std::all_of(table.begin(), table.end(), [](float level) { return std::isfinite(level); })) return "a level of the table is not finite";
    std::vector<float> sorted(table.begin(), table.end());
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return "a level stands in the table twice; keep one";
    return {};
}

int bitsForTable(std::size_t levels) noexcept {
    int bits = 1;
    while (bits < 8 && (std::size_t{1} << bits) < levels) ++bits;
    return bits;
}

}  // namespace bitlathe
