#include "core/formats/safetensors/coded_weight.h"

#include "core/tensor/convert.h"

#include <algorithm>

namespace bitlathe::safetensors {

float GroupValues::at(std::int64_t row, std::int64_t group) const noexcept {
    return static_cast<float>(elementAt(type, data, row / rows * rowStep + group * groupStep));
}

ColumnOrder::ColumnOrder(std::span<const std::int32_t> groupOf, std::int64_t groups) : columns(groupOf.size()), begins(static_cast<std::size_t>(groups) + 1) {
    for (const std::int32_t group : groupOf) ++begins[static_cast<std::size_t>(group) + 1];
    for (std::size_t g = 1; g < begins.size(); ++g) begins[g] += begins[g - 1];
    std::vector<std::int64_t> next(begins.begin(), begins.end() - 1);
    for (std::size_t c = 0; c < groupOf.size(); ++c) columns[static_cast<std::size_t>(next[static_cast<std::size_t>(groupOf[c])]++)] = static_cast<std::int64_t>(c);
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

inline void CodedWeight::decodeColumn(std::int64_t row, std::int64_t column, float zero, float scale, float* out) const noexcept {
    const float code = !plane ? plainValues[std::to_integer<std::size_t>(codes[row * columns + column])]
                              : static_cast<float>(packedAlongRows ? plane->get(codes, row, column) : plane->get(codes, column, row));
    out[column] = (code - zero) * scale;
}

void CodedWeight::decode(std::int64_t first, std::int64_t end, std::span<float> out) const noexcept {
    float* to = out.data();
    for (std::int64_t row = first; row < end; ++row, to += columns)
        for (std::int64_t g = 0; g < groups; ++g) {
            const float scale = scales.at(row, g), zero = zeroAt(row, g);
            if (order) {
                const auto at = static_cast<std::size_t>(g);
                for (std::int64_t i = order->begins[at]; i < order->begins[at + 1]; ++i) decodeColumn(row, order->columns[static_cast<std::size_t>(i)], zero, scale, to);
            } else {
                // The last group takes what is left.
                const std::int64_t last = g + 1 < groups ? std::min((g + 1) * groupSize, columns) : columns;
                for (std::int64_t c = g * groupSize; c < last; ++c) decodeColumn(row, c, zero, scale, to);
            }
        }
}

}  // namespace bitlathe::safetensors
