// One block of rows through all stages: tiles, zero-point correction, output. Shared by the matrix
// product and the convolution, which differ only in where their rows lie. Internal to this room.
#pragma once

#include <cstdint>

#include "core/kernels/igemm.h"
#include "core/kernels/igemm_kernels.h"
#include "core/kernels/requantize_kernels.h"

namespace bitlathe {

// The most rows one block may have; its int32 scratch lies on the stack.
constexpr int igemmBlockRows = 96;

struct IgemmImplementation {
    IgemmTileShape tiles;
    RequantizeFn requantize;
};

const IgemmImplementation& igemmImplementation(Isa isa) noexcept;

struct IgemmBlock {
    IgemmShape shape;
    const void* packed = nullptr;
    const std::int32_t* offsets = nullptr;
    const std::int32_t* columnZeros = nullptr;
    const std::uint8_t* const* rows = nullptr;  // [segments][rowsStride]
    std::int64_t rowsStride = 0;
    int rowCount = 0;  // 1..igemmBlockRows
    std::uint32_t flip = 0;
    std::int32_t* c = nullptr;  // first row, column 0
    std::int64_t cStride = 0;
    std::uint8_t* y = nullptr;  // first row, column 0; used where c is null
    std::int64_t yStride = 0;
    const Requantize* rule = nullptr;
};

void igemmBlock(const IgemmImplementation& implementation, const IgemmBlock& block,
                std::int64_t columnBegin, std::int64_t columnEnd) noexcept;

// igemmOffsets for column sums that lie anywhere: `count` entries are written, those from n on as 0.
bool igemmFoldOffsets(const std::int32_t* sums, std::int64_t k, std::int64_t n, std::int64_t count,
                      const IgemmZeroPoints& zeros, const std::int32_t* bias, std::int32_t* offsets,
                      std::int32_t* columnZeros) noexcept;

// The task that `rule` makes of these accumulators, for columns from `column` on.
RequantizeTask requantizeTask(const RequantizeBlock& block, const Requantize& rule, std::int64_t column) noexcept;

constexpr std::uint32_t igemmFlip(ByteType type) noexcept { return type == ByteType::S8 ? 0x80808080u : 0u; }

}  // namespace bitlathe
