// The block types of GGUF files and the sizes of their blocks, for kernels and for core/quant/gguf_blocks.h,
// which says what is in a block. Everything here is local to the including file.
#pragma once

#include <cstdint>

namespace bitlathe {

enum class GgufType : std::uint8_t { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, TQ1_0, TQ2_0, MXFP4,
                                      IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S };

// Types whose groups of eight or four weights are points of a lattice (block_lattice.h).
static constexpr bool isLattice(GgufType type) noexcept { return type > GgufType::MXFP4; }

struct GgufSize {
    int values, bytes;  // of a block
    int part;           // values that share a scale and a min
    constexpr int parts() const noexcept { return values / part; }
};

static constexpr GgufSize kGgufSizes[] = {
    {32, 18, 32}, {32, 20, 32}, {32, 22, 32}, {32, 24, 32}, {32, 34, 32},            // Q4_0 Q4_1 Q5_0 Q5_1 Q8_0
    {256, 84, 16}, {256, 110, 16}, {256, 144, 32}, {256, 176, 32}, {256, 210, 16},   // Q2_K … Q6_K
    {32, 18, 32}, {256, 136, 32}, {256, 54, 256}, {256, 66, 256}, {32, 17, 32},      // IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4
    {256, 50, 32}, {256, 56, 16},                                                    // IQ1_S IQ1_M
    {256, 66, 32}, {256, 74, 16}, {256, 82, 16}, {256, 98, 32}, {256, 110, 32},      // IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S
};

// What a part's scale is a multiple of, in the block's scale.
static constexpr float latticeUnit(GgufType type) noexcept {
    return type == GgufType::IQ3_XXS ? 0.25f : type == GgufType::IQ2_XXS || type == GgufType::IQ2_XS || type == GgufType::IQ2_S ? 0.125f : 1.0f;
}
static constexpr bool isShifted(GgufType type) noexcept { return type == GgufType::IQ1_S || type == GgufType::IQ1_M; }
static constexpr float kLatticeShift = 0.125f;  // of IQ1's levels, up or down

// What a block holds beside its codes. Blocks of one part hold scale and min alone; there they may be finer
// than the file's halves, because the reference codes with them so.
struct GgufParameters {
    float scale = 0, min = 0;               // of the whole block
    std::int8_t scales[16] = {}, mins[16] = {};  // of parts, as multiples; lattice types: of latticeUnit(), odd ones,
                                                 // and in mins a bit for each eight values whose levels are shifted down
    bool operator==(const GgufParameters&) const = default;
};

}  // namespace bitlathe
