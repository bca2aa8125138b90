// Blocks of GGUF files, many at once: the speed of core/quant/gguf_blocks.h, whose code is the truth, with the
// same bytes at every ISA. Sixteen parts are searched side by side, one in each lane of a vector; every lane adds
// in the order of its values. Knows no tensors, no codecs and no threads.
//
// Values must be at most kGgufFar in magnitude (MXFP4: 2^127); regularGguf() tells.
#pragma once

#include "core/kernels/gguf_type.h"
#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

// No block reaches further (Q6_K: 65504 · 128 · 32), and the sums of the searches stay finite.
inline constexpr float kGgufFar = 3e8f;

struct GgufRun {
    GgufType type = GgufType::Q4_0;
    std::int64_t blocks = 0;
    const float* x = nullptr;  // blocks · values
    // Weights >= 0 of the errors: one per value of a row, which has rowBlocks blocks; nullptr: none. Block i
    // is block (firstBlock + i) % rowBlocks of its row.
    const float* importance = nullptr;
    std::int64_t rowBlocks = 1, firstBlock = 0;
    // Mean squares of the rows, the first block's row first, for Q4_0 to Q5_1 with importance; nullptr: a
    // block's own.
    const float* rowMeanSquares = nullptr;
    int held = 0;  // lattice types: values that a block has, with zeros of no say behind them; 0: all
};

// Whether count values suit the kernels.
bool regularGguf(Isa isa, GgufType type, const float* x, std::int64_t count) noexcept;

// fitGguf(), encodeGguf(), joinGguf(), splitGguf() and decodeGguf(), block after block.
void fitGgufRun(Isa isa, const GgufRun& run, GgufParameters* out) noexcept;
void encodeGgufRun(Isa isa, GgufType type, const float* x, const GgufParameters* parameters, std::int64_t blocks, std::uint8_t* codes) noexcept;
// Lattice types choose their codes by importance too: that of codeImportance(), 256 for each block, or nullptr.
void encodeLatticeRun(Isa isa, const GgufRun& run, const std::uint8_t* importance, const GgufParameters* parameters, std::uint8_t* codes) noexcept;
void joinGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, std::uint8_t* bytes) noexcept;
void splitGgufRun(Isa isa, GgufType type, const std::uint8_t* bytes, std::int64_t blocks, GgufParameters* parameters, std::uint8_t* codes) noexcept;
void decodeGgufRun(Isa isa, GgufType type, const GgufParameters* parameters, const std::uint8_t* codes, std::int64_t blocks, float* out) noexcept;

// packGguf() and unpackGguf(), block after block. Allocate nothing.
void packGgufRun(Isa isa, const GgufRun& run, std::uint8_t* bytes) noexcept;
void unpackGgufRun(Isa isa, GgufType type, const std::uint8_t* bytes, std::int64_t blocks, float* out) noexcept;

}  // namespace bitlathe
