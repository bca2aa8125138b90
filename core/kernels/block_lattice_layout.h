// Where the bits of the lattice types' blocks lie, and the codes of importance that they are coded by. Layouts:
// ggml-common.h at d99724f2b141. Knows no scales' searches.
#pragma once

#include "core/kernels/gguf_type.h"

namespace bitlathe {

// A block of 256: its bytes from codes (levels counted from the lowest) and back. Groups of codes that are no point
// become a neighbour in the list; where signs are counted, the last one of eight is what makes them even.
void joinLattice(GgufType type, const GgufParameters& block, const std::uint8_t* codes, std::uint8_t* bytes) noexcept;
void splitLattice(GgufType type, const std::uint8_t* bytes, GgufParameters& block, std::uint8_t* codes) noexcept;
// scale · level − min; the block's scale as a half gives it back.
void decodeLattice(GgufType type, const GgufParameters& block, const std::uint8_t* codes, int count, float* out) noexcept;

// Scale and min of eight values.
struct LatticePart {
    float scale = 0, min = 0;
};
LatticePart latticePart(GgufType type, const GgufParameters& block, int eight) noexcept;

// What a block's values count beside its most important one: 255 for that, 16 less for each power of two below,
// at least 0. All 255 where none counts.
void codeImportance(const float* importance, int count, std::uint8_t* codes) noexcept;

}  // namespace bitlathe
