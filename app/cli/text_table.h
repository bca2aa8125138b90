// Rows of text in aligned columns, for terminals. Counts characters, not bytes.
#pragma once

#include <string>
#include <vector>

namespace bitlathe::cli {

enum class Align { Left, Right };

class TextTable {
public:
    struct Column {
        std::string heading;
        Align align = Align::Left;
    };
    explicit TextTable(std::vector<Column> columns);
    void add(std::vector<std::string> cells);  // as many as there are columns
    std::string text() const;

private:
    std::vector<Column> m_columns;
    std::vector<std::vector<std::string>> m_rows;
};

// "1.10 B", "270 K": counts for people.
std::string countText(double count);
// "4.1 MiB"; binary units, one rule everywhere.
std::string bytesText(double bytes);
// Fixed decimals with a real minus sign; "∞" and "–" for infinities and NaN.
std::string fixedText(double value, int decimals);

}  // namespace bitlathe::cli
