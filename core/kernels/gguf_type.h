// The block types of GGUF files and the sizes of their blocks, for kernels and for core/quant/gguf_blocks.h,
// which says what is in a block. Everything here is local to the including file.
#pragma once

#include <cstdint>

namespace bitlathe {

enum class GgufType : std::uint8_t { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, TQ1_0, TQ2_0, MXFP4 };

struct GgufSize {
    int values, bytes;  // of a block
    int part;           // values that share a scale and a min
    int parts() const noexcept { return values / part; }
};

static constexpr GgufSize kGgufSizes[] = {
    {32, 18, 32}, {32, 20, 32}, {32, 22, 32}, {32, 24, 32}, {32, 34, 32},            // Q4_0 Q4_1 Q5_0 Q5_1 Q8_0
    {256, 84, 16}, {256, 110, 16}, {256, 144, 32}, {256, 176, 32}, {256, 210, 16},   // Q2_K … Q6_K
    {32, 18, 32}, {256, 136, 32}, {256, 54, 256}, {256, 66, 256}, {32, 17, 32},      // IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4
};

// What a block holds beside its codes. Blocks of one part hold scale and min alone; there they may be finer
// than the file's halves, because the reference codes with them so.
struct GgufParameters {
    float scale = 0, min = 0;               // of the whole block
    std::int8_t scales[16] = {}, mins[16] = {};  // of parts, as multiples
    bool operator==(const GgufParameters&) const = default;
};

}  // namespace bitlathe
