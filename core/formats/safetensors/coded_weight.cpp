#include "core/formats/safetensors/coded_weight.h"

#include "core/tensor/convert.h"

#include <algorithm>

namespace bitlathe::safetensors {

float GroupValues::at(std::int64_t row, std::int64_t group) const noexcept {
    return static_cast<float>(elementAt(type, data, row / rows * rowStep + group * groupStep));
}

void CodedWeight::setPlain(ElementType type) noexcept {
    plain = type;
    for (std::size_t i = 0; i < plainValues.size(); ++i) {
        const auto code = static_cast<std::byte>(i);
        plainValues[i] = static_cast<float>(elementAt(type, &code, 0));
    }
}

float CodedWeight::zeroAt(std::int64_t row, std::int64_t group) const noexcept {
    if (zeroPlane) return static_cast<float>(static_cast<std::int32_t>(zeroPlane->get(zeroWords, row, group)) + zeroOffset);
    return zeroValues ? zeroValues->at(row, group) + static_cast<float>(middle) : static_cast<float>(middle);
}

namespace {

constexpr std::int64_t kMostPairs = 4096;  // of scale and zero point, held for one tile of rows
constexpr std::int64_t kMostRows = 64;     // of a tile: their ends stay in the nearest cache

}  // namespace

// The scale and the zero point of every group, for some rows: [group][row].
struct CodedWeight::Tile {
    std::int64_t first = 0, rows = 0;
    std::array<float, kMostPairs> scales, zeros;
};

template <class Code>
inline void CodedWeight::decodeBy(const Tile& tile, std::int64_t row, std::int64_t column, Code code, float* out) const noexcept {
    const auto at = static_cast<std::size_t>(groupAt(column) * tile.rows + row);
    out[row * columns + column] = (static_cast<float>(code) - tile.zeros[at]) * tile.scales[at];
}

inline std::int64_t CodedWeight::groupAt(std::int64_t column) const noexcept {
    return order ? order->groupOf[static_cast<std::size_t>(column)] : groupSize > 0 ? std::min(column / groupSize, groups - 1) : 0;
}

// Words of several codes along the columns: words one after the other, each for all rows, as they lie side by side there.
// What the codes of a row and a group stand for is worked out once.
template <int bits>
void CodedWeight::decodeWords(const Tile& tile, float* out) const noexcept {
    constexpr std::int64_t kPerWord = 32 / bits, kLevels = bits <= 4 ? 1 << bits : 0;
    constexpr std::uint32_t kMask = (1u << bits) - 1u;
    const bool apart = order || groupSize <= 0 || groupSize % kPerWord != 0;
    std::array<float, static_cast<std::size_t>(kMostRows* std::max<std::int64_t>(kLevels, 1))> levels;
    std::int64_t known = -1;
    for (std::int64_t column = 0; column < columns; column += kPerWord) {
        const std::int64_t count = std::min(kPerWord, columns - column), group = apart ? 0 : groupAt(column);
        const float *scale = tile.scales.data() + group * tile.rows, *zero = tile.zeros.data() + group * tile.rows;
        if (kLevels > 0 && !apart && group != known) {
            for (std::int64_t row = 0; row < tile.rows; ++row)
                for (std::int64_t code = 0; code < kLevels; ++code) levels[static_cast<std::size_t>(row * kLevels + code)] = (static_cast<float>(code) - zero[row]) * scale[row];
            known = group;
        }
        for (std::int64_t row = 0; row < tile.rows; ++row) {
            const std::uint32_t word = PlaneLayout::load(codes, (tile.first + row) * plane->otherStep + column / kPerWord * plane->wordStep);
            float* to = out + row * columns + column;
            if (apart) {
                for (std::int64_t i = 0; i < count; ++i) decodeBy(tile, row, column + i, static_cast<std::int32_t>(word >> (i * bits) & kMask), out);
            } else if (kLevels > 0 && count == kPerWord) {
                const float* level = levels.data() + row * kLevels;
                for (std::int64_t i = 0; i < kPerWord; ++i) to[i] = level[word >> (i * bits) & kMask];
            } else {
                for (std::int64_t i = 0; i < count; ++i) to[i] = (static_cast<float>(static_cast<std::int32_t>(word >> (i * bits) & kMask)) - zero[row]) * scale[row];
            }
        }
    }
}

void CodedWeight::decodeTile(const Tile& tile, float* out) const noexcept {
    if (!plane) {
        for (std::int64_t row = 0; row < tile.rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column) decodeBy(tile, row, column, plainValues[std::to_integer<std::size_t>(codes[(tile.first + row) * columns + column])], out);
    } else if (packedAlongRows) {
        for (std::int64_t column = 0; column < columns; ++column) {
            const float *scale = tile.scales.data() + groupAt(column) * tile.rows, *zero = tile.zeros.data() + groupAt(column) * tile.rows;
            for (std::int64_t row = 0; row < tile.rows; ++row) {
                const auto at = static_cast<std::size_t>(tile.first + row);
                const std::uint32_t word = PlaneLayout::load(codes, column * plane->otherStep + static_cast<std::int64_t>(at / 8) * plane->wordStep);
                out[row * columns + column] = (static_cast<float>(static_cast<std::int32_t>(word >> PlaneLayout::awqShift(at % 8) & 0xF)) - zero[row]) * scale[row];
            }
        }
    } else if (plane->bits == 4) {
        decodeWords<4>(tile, out);
    } else if (plane->bits == 8) {
        decodeWords<8>(tile, out);
    } else if (plane->bits == 2) {
        decodeWords<2>(tile, out);
    } else {
        for (std::int64_t column = 0; column < columns; ++column)
            for (std::int64_t row = 0; row < tile.rows; ++row) decodeBy(tile, row, column, static_cast<std::int32_t>(plane->get(codes, column, tile.first + row)), out);
    }
}

void CodedWeight::decode(std::int64_t first, std::int64_t end, std::span<float> out) const noexcept {
    float* to = out.data();
    if (groups > kMostPairs) {  // a group for every few numbers: one by one
        for (std::int64_t row = first; row < end; ++row, to += columns)
            for (std::int64_t column = 0; column < columns; ++column) {
                const float code = !plane ? plainValues[std::to_integer<std::size_t>(codes[row * columns + column])]
                                          : static_cast<float>(packedAlongRows ? plane->get(codes, row, column) : plane->get(codes, column, row));
                const std::int64_t group = groupAt(column);
                to[column] = (code - zeroAt(row, group)) * scales.at(row, group);
            }
        return;
    }
    Tile tile;
    const std::int64_t each = std::clamp<std::int64_t>(kMostPairs / std::max<std::int64_t>(1, groups), 1, kMostRows);
    for (tile.first = first; tile.first < end; tile.first += each) {
        tile.rows = std::min(each, end - tile.first);
        for (std::int64_t group = 0; group < groups; ++group)
            for (std::int64_t row = 0; row < tile.rows; ++row) {
                const auto at = static_cast<std::size_t>(group * tile.rows + row);
                tile.scales[at] = scales.at(tile.first + row, group);
                tile.zeros[at] = zeroAt(tile.first + row, group);
            }
        decodeTile(tile, to);
        to += tile.rows * columns;
    }
}

}  // namespace bitlathe::safetensors
