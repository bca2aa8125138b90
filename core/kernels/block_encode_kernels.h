// The implementations behind block_encode.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include "core/kernels/gguf_type.h"

namespace bitlathe {

constexpr int ggufTogether = 16;  // blocks that a fit looks at side by side

// Up to 16 blocks. Lanes without a block repeat another.
struct GgufSixteen {
    GgufType type;
    int blocks;
    const float* x[ggufTogether];           // of each block
    const float* importance[ggufTogether];  // the same; the first is nullptr where there is none
    const float* meanSquares;               // 16 of rows, or nullptr
};

// One type's passes over many blocks.
struct BlockTypeKernels {
    void (*encode)(const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* codes) noexcept;
    void (*join)(const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, std::uint8_t* bytes) noexcept;
    // Both in one, for up to 16 blocks.
    void (*pack)(const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* bytes) noexcept;
    void (*split)(const std::uint8_t* bytes, std::int64_t blocks, GgufParameters* parameters, std::uint8_t* codes) noexcept;
    void (*decode)(const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, float* out) noexcept;
};

struct BlockKernels {
    // The largest of the values' magnitudes as bits: NaN and infinities are above every number.
    std::uint32_t (*largestBits)(const float* x, std::int64_t count) noexcept;
    void (*fit)(const GgufSixteen& sixteen, GgufParameters* out) noexcept;
    const BlockTypeKernels* types;  // in the order of GgufType
};

const BlockKernels& blockKernelsReference() noexcept;
const BlockKernels& blockKernelsAvx2() noexcept;
const BlockKernels& blockKernelsAvx512() noexcept;

}  // namespace bitlathe
