// Rows for the blocks of GGUF files, as llama.cpp reads them; core/quant/gguf_blocks.h has the blocks.
// inner: the scales and mins of a block, which joinGguf() makes into a file's bytes with the codes.
#pragma once

#include "core/quant/codec.h"
#include "core/quant/gguf_blocks.h"
#include "core/quant/gguf_groups.h"

namespace bitlathe {

extern const Codec kGgufCodecs[21];

// The form of a codec's blocks; null for codecs that are none.
const GgufForm* ggufFormOf(std::string_view codec) noexcept;

}  // namespace bitlathe
