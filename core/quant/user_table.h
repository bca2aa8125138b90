// A table of levels that a person gives: as text from a file, and what makes a table usable. Knows no
// files and no codecs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

// The levels in a text: numbers separated by blanks, commas, semicolons or line ends; what follows a # in
// a line is a remark. `source` names the file in messages. Throws Error(Recipe) with the line for what is
// no finite number, and for fewer than 2 or more than 256 levels.
std::vector<float> tableFromText(std::string_view text, const std::string& source);

// Why codes of `bits` bits cannot use the table, in one sentence; empty: they can. It must have 2 … 2^bits
// finite levels, not all 0, none twice.
std::string tableProblem(std::span<const float> table, int bits);

// The least width of codes that count all levels, 1 … 8.
int bitsForTable(std::size_t levels) noexcept;

}  // namespace bitlathe
