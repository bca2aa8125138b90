// Products of weights that lie in blocks of GGUF files, straight from the blocks, and activations that are coded
// to int8 for it: y = x · Wᵀ. No unpacked copy of the weights is kept. Knows no tensors, no files and no threads.
//
// The law. A row is cut into parts of 32; part p belongs to lane p % 16. Codes are multiplied and added as integers
// within a part (Q2_K, Q3_K and Q6_K: within its halves, each with its own scale). In float32, without fused
// operations, a part adds
//     (integer sum · scale of the weights − min · sum of the activations' codes) · scale of the activations
// to its lane, parts in ascending order; halves are added before the last factor. In the end lanes i and i + 8 are
// added, then i and i + 4, i + 2, i + 1. So a result depends on its own two rows alone: it has the same bits on
// every instruction set, in every cut of the work, and for one row of activations as for many.
#pragma once

#include "core/kernels/gguf_type.h"
#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

// Sixteen parts of coded activations. The codes are at most 127 in magnitude: x ≈ scale · code.
struct ActivationGroup {
    // 16 codes each of half h of parts g, g + 4, g + 8 and g + 12, for pairs (g, h) in the order (0, 0), (0, 1), (1, 0) …
    alignas(64) std::int8_t codes[512];
    float scale[16];            // of a part
    std::int32_t sums[2][16];   // of the codes of the parts' first and second halves
};

constexpr std::int64_t kActivationGroup = 512;  // values
constexpr std::int64_t activationGroups(std::int64_t k) noexcept { return (k + kActivationGroup - 1) / kActivationGroup; }

// rows × activationGroups(k) groups from rows of k floats, which begin xStride apart; what is missing to whole groups
// is 0. A part's scale is a 127th of its largest magnitude, codes are the nearest with ties to even. Magnitudes
// below 2^-110 count as 0; a part with NaN or an infinity has scale NaN and gives NaN.
void codeActivations(Isa isa, const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t k, ActivationGroup* out) noexcept;

struct BlockProduct {
    GgufType type = GgufType::Q4_0;  // no lattice type
    std::int64_t k = 0;  // a multiple of the type's block
    std::int64_t n = 0;  // rows of weights
    const void* weights = nullptr;  // n rows, one after the other
    std::int64_t m = 0;  // rows of activations
    const ActivationGroup* a = nullptr;  // m × activationGroups(k)
    float* y = nullptr;  // y[i · yStride + j] = row i of the activations · row j of the weights
    std::int64_t yStride = 0;
};

// Blocks of any bytes are allowed. An exponent of MXFP4 below 2 counts as 0.
void multiplyBlocks(Isa isa, const BlockProduct& call) noexcept;

// Bytes of a row of k weights.
constexpr std::int64_t blockRowBytes(GgufType type, std::int64_t k) noexcept {
    const GgufSize& size = kGgufSizes[static_cast<int>(type)];
    return k / size.values * size.bytes;
}

}  // namespace bitlathe
