#include "app/cli/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bitlathe::cli {

namespace {

std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

TextTable::TextTable(std::vector<Column> columns) : m_columns(std::move(columns)) {}

void TextTable::add(std::vector<std::string> cells) {
    cells.resize(m_columns.size());
    m_rows.push_back(std::move(cells));
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < m_columns.size(); ++c) {
        std::size_t most = width(m_columns[c].heading);
        for (const auto& row : m_rows) most = std::max(most, width(row[c]));
        widths.push_back(most);
    }
    std::string out;
    const auto line = [&](auto cell) {
        std::string one;
        for (std::size_t c = 0; c < m_columns.size(); ++c) {
            const std::string& text = cell(c);
            const std::string pad(widths[c] - width(text), ' ');
            if (c > 0) one += "  ";
            one += m_columns[c].align == Align::Right ? pad + text : text + pad;
        }
        one.erase(one.find_last_not_of(' ') + 1);
        out += one + "\n";
    };
    line([&](std::size_t c) -> const std::string& { return m_columns[c].heading; });
    for (const auto& row : m_rows) line([&](std::size_t c) -> const std::string& { return row[c]; });
    return out;
}

std::string fixedText(double value, int decimals) {
    if (std::isnan(value)) return "–";
    if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*f", decimals, std::fabs(value));
    const bool zero = std::string_view(buffer).find_first_not_of("0.") == std::string_view::npos;
    return (value < 0 && !zero ? "−" : "") + std::string(buffer);
}

std::string countText(double count) {
    if (count >= 1e9) return fixedText(count / 1e9, 2) + " B";
    if (count >= 1e6) return fixedText(count / 1e6, 2) + " M";
    if (count >= 1e4) return fixedText(count / 1e3, 1) + " K";
    return fixedText(count, 0);
}

std::string bytesText(double bytes) {
    if (bytes >= 1024.0 * 1024 * 1024) return fixedText(bytes / (1024.0 * 1024 * 1024), 2) + " GiB";
    if (bytes >= 1024.0 * 1024) return fixedText(bytes / (1024.0 * 1024), 2) + " MiB";
    if (bytes >= 1024.0) return fixedText(bytes / 1024.0, 1) + " KiB";
    return fixedText(bytes, 0) + " B";
}

}  // namespace bitlathe::cli
