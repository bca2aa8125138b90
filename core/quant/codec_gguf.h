// Rows for the blocks of GGUF files, as llama.cpp reads them; core/quant/gguf_blocks.h has the blocks.
// inner: the scales and mins of a block, which joinGguf() makes into a file's bytes with the codes.
#pragma once

#include "core/quant/codec.h"
#include "core/quant/gguf_blocks.h"

namespace bitlathe {

extern const Codec kGgufCodecs[14];

// The form of a codec's blocks; null for codecs that are none.
const GgufForm* ggufFormOf(std::string_view codec) noexcept;
// What a group's inner bytes say.
GgufParameters ggufParametersOf(const GgufForm& form, std::span<const std::byte> inner) noexcept;

}  // namespace bitlathe
