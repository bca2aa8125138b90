// A weight as the quantized layouts store it: codes, and a scale and perhaps a zero point per group. Decodes rows.
// Knows no tensor names. Private to this folder.
#pragma once

#include "core/formats/safetensors/code_plane.h"
#include "core/tensor/element_type.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bitlathe::safetensors {

// Numbers by row and group: element (row / rows) · rowStep + group · groupStep.
struct GroupValues {
    ElementType type = ElementType::F16;
    const std::byte* data = nullptr;
    std::int64_t rowStep = 0, groupStep = 0;
    std::int64_t rows = 1;  // that share a value
    float at(std::int64_t row, std::int64_t group) const noexcept;
};

// The group of each column, for weights whose columns were reordered.
struct ColumnOrder {
    std::vector<std::int32_t> groupOf;  // one in 0 … groups − 1 per column
};

struct CodedWeight {
    std::int64_t rows = 0, columns = 0, groups = 1;
    // Exactly one of the two: codes in words, or a plain array of int8 or 8-bit floats.
    std::optional<PlaneLayout> plane;
    bool packedAlongRows = false;  // AWQ: the packed axis is that of the rows
    ElementType plain = ElementType::I8;
    const std::byte* codes = nullptr;
    GroupValues scales;
    // At most one of the two; without any the zero point is `middle`.
    std::optional<PlaneLayout> zeroPlane;  // packed along rows, the other axis is that of groups
    const std::byte* zeroWords = nullptr;
    std::optional<GroupValues> zeroValues;  // signed: `middle` is added
    std::int32_t zeroOffset = 0;  // added to packed zero points: 1 for GPTQ's first version
    std::int32_t middle = 0;      // code of 0 in symmetric layouts: 2^(b−1) where codes are unsigned
    std::int64_t groupSize = 0;            // of neighbouring columns, where they were not reordered
    std::optional<ColumnOrder> order;      // where they were
    std::array<float, 256> plainValues{};  // of each byte, where codes are plain

    // Of an int8 or 8-bit float type: plain and plainValues.
    void setPlain(ElementType type) noexcept;
    // x = (code − zero point) · scale in float32, of rows [first, end). Any bytes decode to something. Needs no memory
    // of its own, so that it cannot fail in the midst of a product.
    void decode(std::int64_t first, std::int64_t end, std::span<float> out) const noexcept;

private:
    struct Tile;
    float zeroAt(std::int64_t row, std::int64_t group) const noexcept;
    std::int64_t groupAt(std::int64_t column) const noexcept;
    void decodeTile(const Tile& tile, float* out) const noexcept;
    template <int bits>
    void decodeWords(const Tile& tile, float* out) const noexcept;
    template <class Code>
    void decodeBy(const Tile& tile, std::int64_t row, std::int64_t column, Code code, float* out) const noexcept;
};

}  // namespace bitlathe::safetensors
