// Products of weights that lie in rows of floats, halves or bfloats, and a few rows of float activations: y = x · Wᵀ,
// straight from the rows. For one token at a time, where memory is the limit; many rows are a matter for a
// library of matrix products. Knows no tensors and no threads.
//
// The law: term d belongs to lane d % 64, each lane adds its terms in ascending order in float32 without fused
// operations; then lanes i and i + 32 are added, i and i + 16, … i and i + 1. So a result depends on its own two
// rows alone and has the same bits on every instruction set.
#pragma once

#include "core/kernels/isa.h"

#include <cstdint>

namespace bitlathe {

enum class FloatForm : std::uint8_t { F32, F16, BF16 };

struct FloatProduct {
    FloatForm form = FloatForm::F32;
    std::int64_t k = 0;
    std::int64_t n = 0;             // rows of weights
    const void* weights = nullptr;  // n rows of k, one after the other; any alignment
    std::int64_t m = 0;             // rows of activations
    const float* x = nullptr;       // m rows of k, one after the other
    float* y = nullptr;             // y[i · yStride + j] = row i of x · row j of the weights
    std::int64_t yStride = 0;
};

void multiplyFloats(Isa isa, const FloatProduct& call) noexcept;

}  // namespace bitlathe
