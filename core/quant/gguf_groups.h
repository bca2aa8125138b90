// GGUF blocks as the groups of a quantized tensor hold them: one byte a code, and the parameters as inner bytes.
// Many groups at once go through core/kernels/block_encode.h. Knows no codecs and no tensors.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/gguf_blocks.h"

#include <cstddef>
#include <span>

namespace bitlathe {

// Blocks of one part have no use for the multiples of parts; lattice types choose codes by importance, so that its
// codes lie behind the parameters.
constexpr int ggufInnerBytes(const GgufForm& form) noexcept {
    return form.parts() == 1 ? 2 * int(sizeof(float)) : int(sizeof(GgufParameters)) + (isLattice(form.type) ? kMaxGgufValues : 0);
}
static_assert(sizeof(GgufParameters) == 2 * sizeof(float) + 2 * kMaxGgufParts);

// What a group's inner bytes say, and how they are made: importance is what the group was fitted by.
std::span<const std::uint8_t> ggufImportanceOf(const GgufForm& form, std::span<const std::byte> inner) noexcept;
void putGgufGroup(const GgufForm& form, const GgufParameters& block, std::span<const float> importance, std::span<std::byte> inner) noexcept;
GgufParameters ggufParametersOf(const GgufForm& form, std::span<const std::byte> inner) noexcept;
// The largest magnitude of a part's scale: what a group names as its scale.
float ggufWidestStep(const GgufForm& form, const GgufParameters& block) noexcept;

// Whole blocks side by side, each as fitGguf(), encodeGguf() and decodeGguf() have it. importance: empty, or
// one weight per value of a row of blocks; x is then whole rows.
void fitGgufGroups(const GgufForm& form, Isa isa, std::span<const float> x, std::span<const float> importance, std::span<float> scales,
                   std::span<std::byte> inner) noexcept;
void encodeGgufGroups(const GgufForm& form, Isa isa, std::span<const std::byte> inner, std::span<const float> x, std::span<std::byte> codes) noexcept;
void decodeGgufGroups(const GgufForm& form, Isa isa, std::span<const std::byte> inner, std::span<const std::byte> codes, std::span<float> out) noexcept;

}  // namespace bitlathe
