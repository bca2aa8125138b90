// Rows of weights to the bytes of a GGUF file and back, at the speed of core/kernels/block_encode.h: the bytes
// are those of packGguf(), block by block, at every ISA. For writers, which hand in a tensor piece by piece:
// whole rows in, bytes out, nothing is kept between calls. Knows no files, no tensors and no threads.
#pragma once

#include "core/kernels/isa.h"
#include "core/quant/gguf_blocks.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

struct GgufRows {
    const GgufForm& form;
    std::int64_t columns = 0;  // values of a row: a multiple of form.values
    // Empty, or one weight >= 0 per column ("imatrix").
    std::span<const float> importance = {};

    std::int64_t rowBytes() const noexcept { return columns / form.values * form.bytes; }
};

// x: any number of whole rows; out: rowBytes() for each. Any values: what is not finite is handled as
// fitGguf() says. Returns how many values are NaN or infinite. Allocates nothing.
std::int64_t packGgufRows(const GgufRows& rows, std::span<const float> x, std::span<std::byte> out, Isa isa = detectIsa()) noexcept;
// The same from IEEE halves and from bfloat16.
std::int64_t packGgufHalves(const GgufRows& rows, std::span<const std::uint16_t> x, std::span<std::byte> out, Isa isa = detectIsa()) noexcept;
std::int64_t packGgufBfloats(const GgufRows& rows, std::span<const std::uint16_t> x, std::span<std::byte> out, Isa isa = detectIsa()) noexcept;

// bytes: whole blocks; out: form.values for each.
void unpackGgufRows(const GgufForm& form, std::span<const std::byte> bytes, std::span<float> out, Isa isa = detectIsa()) noexcept;

}  // namespace bitlathe
