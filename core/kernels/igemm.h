// Integer matrix product: C = (A - za)(B - zb), 8-bit operands, exact int32 results.
//   A  m x k, u8 or s8, row-major with a row stride: activations, one zero point
//   B  k x n, u8 or s8, packed once: weights, zero point per matrix or per column
//   C  m x n, int32, or requantized to 8 bits on the way out
// Arithmetic is modulo 2^32, so the result is exact whenever it fits an int32. Every instruction set
// gives the same bits. Nothing is allocated; the caller owns every buffer and cuts the work between
// threads by rows and columns. Knows no tensors and no layers.
#pragma once

#include <cstdint>

#include "core/kernels/byte_type.h"
#include "core/kernels/isa.h"
#include "core/kernels/requantize.h"

namespace bitlathe {

// B's shape. k = segments * depth. A plain matrix has one segment; a convolution may have one per
// kernel tap, so that each row of A is a list of runs of `depth` adjacent bytes.
struct IgemmShape {
    std::int64_t segments = 1;
    std::int64_t depth = 0;
    std::int64_t n = 0;
    friend bool operator==(const IgemmShape&, const IgemmShape&) = default;
};

constexpr int igemmPanelColumns = 16;

constexpr std::int64_t igemmPaddedColumns(std::int64_t n) noexcept { return (n + 15) / 16 * 16; }

// Where B's elements lie before packing: element (segment s, depth d, column j) at
// data[s * segmentStride + d * depthStride + j * columnStride].
// Where `run` is set, a segment itself is made of runs of that many depths, and element d lies at
// (d / run) * segmentStride + (d % run) * depthStride.
//   [K, N] matrix: {data, type, 0, N, 1}    [N, K] (transposed): {data, type, 0, 1, K}
struct IgemmSource {
    const void* data = nullptr;
    ByteType type = ByteType::S8;
    std::int64_t segmentStride = 0, depthStride = 0, columnStride = 0;
    std::int64_t run = 0;
};

// Packed B, in one buffer aligned to 64 bytes:
//   panels      s8 [ceil(n/16)][segments][ceil(depth/4)][16 columns][4 depths], padded with zeros;
//               u8 weights are stored less 128
//   column sums int32 [ceil(n/16) * 16] of the stored values
std::int64_t igemmPackedBytes(const IgemmShape& shape) noexcept;
void igemmPack(const IgemmShape& shape, const IgemmSource& source, void* packed) noexcept;

// What depends on zero points and bias, folded into one int32 per column; igemmPaddedColumns(n) entries
// each. Cheap (O(n)), so it can be redone per call when A's zero point is dynamic.
//   zeroPoints  B's: none (nullptr, count 0), one, or n, in the range of `weights`
//   bias        n values in units of scaleA * scaleB, or nullptr
//   offsets     out
//   columnZeros out; B's zero points as stored. Returns true where any is not 0, and only then must
//               IgemmCall::columnZeros be set (row sums of A are then needed and cost a second pass).
struct IgemmZeroPoints {
    ByteType activations = ByteType::U8;
    std::int32_t activationZero = 0;
    ByteType weights = ByteType::S8;
    const std::int32_t* weightZeros = nullptr;
    std::int64_t weightZeroCount = 0;
};
bool igemmOffsets(const IgemmShape& shape, const void* packed, const IgemmZeroPoints& zeros,
                  const std::int32_t* bias, std::int32_t* offsets, std::int32_t* columnZeros) noexcept;

struct IgemmCall {
    IgemmShape shape;
    const void* packed = nullptr;
    const std::int32_t* offsets = nullptr;
    const std::int32_t* columnZeros = nullptr;  // only where igemmOffsets returned true

    const void* a = nullptr;  // m x k; row i at a + i * aStride (bytes). shape.segments must be 1.
    std::int64_t aStride = 0;
    ByteType aType = ByteType::U8;

    // Where the result goes: `c` (int32) or, where c is null, `y` through `rule`.
    std::int32_t* c = nullptr;
    std::int64_t cStride = 0;  // elements
    void* y = nullptr;
    std::int64_t yStride = 0;  // elements
    Requantize rule;           // scales: one, or n
};

// Rows [rowBegin, rowEnd) and columns [columnBegin, columnEnd) of C. columnBegin is a multiple of 16.
// Disjoint ranges may run on different threads at once. Any cut gives the same bits; columns in
// multiples of 64 and rows in multiples of 48 are fastest.
void igemm(Isa isa, const IgemmCall& call, std::int64_t rowBegin, std::int64_t rowEnd,
           std::int64_t columnBegin, std::int64_t columnEnd) noexcept;

// The definition, in ten lines and straight from the unpacked operands: what tests compare against.
//   b(k, n) as IgemmSource says (one segment); zb: one per column or nullptr. c: m x n, row-major, dense.
void igemmDefinition(std::int64_t m, std::int64_t n, std::int64_t k, const void* a, std::int64_t aStride,
                     ByteType aType, std::int32_t za, const IgemmSource& b, const std::int32_t* zb,
                     const std::int32_t* bias, std::int32_t* c) noexcept;

}  // namespace bitlathe
