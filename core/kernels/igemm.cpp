#include "core/kernels/igemm.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/kernels/igemm_block.h"

namespace bitlathe {
namespace {

constexpr IgemmImplementation implementations[] = {
    {{igemmTileReference, {0, 8, 8, 8, 8}}, requantizeReference},
    {{igemmTileAvx2, {0, 6, 6, 6, 6}}, requantizeAvx2},
    {{igemmTileAvx512Vnni, {0, 12, 12, 8, 6}}, requantizeAvx512},
};

std::int64_t depth4(const IgemmShape& shape) noexcept { return (shape.depth + 3) / 4 * 4; }

std::int64_t panelBytes(const IgemmShape& shape) noexcept {
    return depth4(shape) * igemmPanelColumns * shape.segments;
}

std::int64_t panelsBytes(const IgemmShape& shape) noexcept {
    return igemmPaddedColumns(shape.n) / igemmPanelColumns * panelBytes(shape);
}

// B's byte as stored: signed, u8 less 128.
std::int8_t stored(const IgemmSource& source, std::int64_t index) noexcept {
    const std::uint8_t byte = static_cast<const std::uint8_t*>(source.data)[index];
    return static_cast<std::int8_t>(source.type == ByteType::U8 ? byte ^ 0x80u : byte);
}

int value(ByteType type, const void* data, std::int64_t index) noexcept {
    const std::uint8_t byte = static_cast<const std::uint8_t*>(data)[index];
    return type == ByteType::U8 ? byte : static_cast<std::int8_t>(byte);
}

}  // namespace

const IgemmImplementation& igemmImplementation(Isa isa) noexcept {
    return implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))];
}

std::int64_t igemmPackedBytes(const IgemmShape& shape) noexcept {
    return panelsBytes(shape) + igemmPaddedColumns(shape.n) * static_cast<std::int64_t>(sizeof(std::int32_t));
}

void igemmPack(const IgemmShape& shape, const IgemmSource& source, void* packed) noexcept {
    auto* out = static_cast<std::int8_t*>(packed);
    auto* sums = reinterpret_cast<std::int32_t*>(out + panelsBytes(shape));
    std::memset(packed, 0, static_cast<std::size_t>(igemmPackedBytes(shape)));
    for (std::int64_t j = 0; j < shape.n; ++j) {
        std::int8_t* column = out + j / igemmPanelColumns * panelBytes(shape) + j % igemmPanelColumns * 4;
        std::int32_t sum = 0;
        for (std::int64_t s = 0; s < shape.segments; ++s) {
            const std::int64_t from = s * source.segmentStride + j * source.columnStride;
            std::int8_t* to = column + s * depth4(shape) * igemmPanelColumns;
            for (std::int64_t d = 0; d < shape.depth; ++d) {
                const std::int64_t step = source.run ? d / source.run * source.segmentStride + d % source.run * source.depthStride
                                                     : d * source.depthStride;
                const std::int8_t b = stored(source, from + step);
                to[d / 4 * 4 * igemmPanelColumns + d % 4] = b;
                sum += b;
            }
        }
        sums[j] = sum;
    }
}

bool igemmFoldOffsets(const std::int32_t* sums, std::int64_t k, std::int64_t n, std::int64_t count,
                      const IgemmZeroPoints& zeros, const std::int32_t* bias, std::int32_t* offsets,
                      std::int32_t* columnZeros) noexcept {
    // Both operands move by 128 where their type is not what the tiles take (A u8, B s8).
    const auto za = static_cast<std::uint32_t>(zeros.activationZero + (zeros.activations == ByteType::S8 ? 128 : 0));
    const std::int32_t shift = zeros.weights == ByteType::U8 ? 128 : 0;
    bool any = false;
    for (std::int64_t j = 0; j < count; ++j) {
        offsets[j] = columnZeros[j] = 0;
        if (j >= n) continue;
        const std::int32_t given =
            zeros.weightZeroCount == 0 ? 0 : zeros.weightZeros[zeros.weightZeroCount == 1 ? 0 : j];
        columnZeros[j] = given - shift;
        any |= columnZeros[j] != 0;
        const std::uint32_t offset =
            (bias ? static_cast<std::uint32_t>(bias[j]) : 0u) - za * static_cast<std::uint32_t>(sums[j]) +
            static_cast<std::uint32_t>(k) * za * static_cast<std::uint32_t>(columnZeros[j]);
        offsets[j] = static_cast<std::int32_t>(offset);
    }
    return any;
}

bool igemmOffsets(const IgemmShape& shape, const void* packed, const IgemmZeroPoints& zeros,
                  const std::int32_t* bias, std::int32_t* offsets, std::int32_t* columnZeros) noexcept {
    const auto* sums =
        reinterpret_cast<const std::int32_t*>(static_cast<const std::int8_t*>(packed) + panelsBytes(shape));
    return igemmFoldOffsets(sums, shape.segments * shape.depth, shape.n, igemmPaddedColumns(shape.n), zeros, bias,
                            offsets, columnZeros);
}

void igemm(Isa isa, const IgemmCall& call, std::int64_t rowBegin, std::int64_t rowEnd,
           std::int64_t columnBegin, std::int64_t columnEnd) noexcept {
    assert(call.shape.segments == 1 && columnBegin % igemmPanelColumns == 0);
    const IgemmImplementation& implementation = igemmImplementation(isa);
    IgemmBlock block;
    block.shape = call.shape;
    block.packed = call.packed;
    block.offsets = call.offsets;
    block.columnZeros = call.columnZeros;
    block.flip = igemmFlip(call.aType);
    block.cStride = call.cStride;
    block.yStride = call.yStride;
    block.rule = &call.rule;
    const std::uint8_t* rows[igemmBlockRows];
    block.rows = rows;
    block.rowsStride = igemmBlockRows;
    for (std::int64_t row = rowBegin; row < rowEnd; row += igemmBlockRows) {
        block.rowCount = static_cast<int>(std::min<std::int64_t>(igemmBlockRows, rowEnd - row));
        for (int i = 0; i < block.rowCount; ++i)
            rows[i] = static_cast<const std::uint8_t*>(call.a) + (row + i) * call.aStride;
        block.c = call.c ? call.c + row * call.cStride : nullptr;
        block.y = call.c ? nullptr : static_cast<std::uint8_t*>(call.y) + row * call.yStride;
        igemmBlock(implementation, block, columnBegin, columnEnd);
    }
}

void igemmDefinition(std::int64_t m, std::int64_t n, std::int64_t k, const void* a, std::int64_t aStride,
                     ByteType aType, std::int32_t za, const IgemmSource& b, const std::int32_t* zb,
                     const std::int32_t* bias, std::int32_t* c) noexcept {
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
            std::int64_t sum = bias ? bias[j] : 0;
            for (std::int64_t p = 0; p < k; ++p)
                sum += std::int64_t{value(aType, a, i * aStride + p) - za} *
                       (value(b.type, b.data, p * b.depthStride + j * b.columnStride) - (zb ? zb[j] : 0));
            c[i * n + j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
        }
}

}  // namespace bitlathe
