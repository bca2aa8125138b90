#include "core/quant/level_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

float unscaled(float x, float scale) noexcept {
    const float y = x / scale;
    return y == y ? y : 0.0f;
}

// A branch-free binary search for each value: `steps` comparisons.
template <int steps>
void search(const LevelTable& table, float scale, std::span<const float> x, std::span<std::byte> codes) noexcept {
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float y = unscaled(x[i], scale);
        std::size_t at = 0;
        for (int s = steps - 1; s >= 0; --s) at += y > table.thresholds[at + (std::size_t{1} << s) - 1] ? std::size_t{1} << s : 0;
        codes[i] = std::byte{table.codes[at]};
    }
}

}  // namespace

LevelTable levelTable(std::span<const float> values) noexcept {
    assert(!values.empty() && values.size() <= 256);
    LevelTable table;
    std::array<std::uint8_t, 256> order{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        order[i] = static_cast<std::uint8_t>(i);
        table.values[i] = values[i];
        table.largest = std::max(table.largest, std::fabs(values[i]));
    }
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(values.size()),
              [&](std::uint8_t a, std::uint8_t b) { return values[a] < values[b] || (values[a] == values[b] && a < b); });
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float level = values[order[i]];
        if (table.count > 0 && level == table.levels[static_cast<std::size_t>(table.count - 1)]) continue;
        table.levels[static_cast<std::size_t>(table.count)] = level;
        table.codes[static_cast<std::size_t>(table.count++)] = order[i];
    }
    table.thresholds.fill(std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(table.count); ++i) {
        const float below = table.levels[i], above = table.levels[i + 1];
        const float sum = below + above;
        table.thresholds[i] = std::isfinite(sum) ? sum * 0.5f : below * 0.5f + above * 0.5f;
    }
    return table;
}

void encodeLevels(const LevelTable& table, float scale, std::span<const float> x, std::span<std::byte> codes) noexcept {
    switch (std::bit_width(static_cast<unsigned>(table.count - 1))) {
    case 0:
    case 1: return search<1>(table, scale, x, codes);
    case 2: return search<2>(table, scale, x, codes);
    case 3: return search<3>(table, scale, x, codes);
    case 4: return search<4>(table, scale, x, codes);
    case 5: return search<5>(table, scale, x, codes);
    case 6: return search<6>(table, scale, x, codes);
    case 7: return search<7>(table, scale, x, codes);
    default: return search<8>(table, scale, x, codes);
    }
}

void decodeLevels(const LevelTable& table, float scale, std::span<const std::byte> codes, std::span<float> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = scale * table.values[std::to_integer<std::size_t>(codes[i])];
}

}  // namespace bitlathe
