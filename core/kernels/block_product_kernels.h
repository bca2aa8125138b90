// The implementations behind block_product.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include "core/kernels/block_product.h"

namespace bitlathe {

struct BlockProductKernels {
    void (*code)(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t k, ActivationGroup* out) noexcept;
    void (*const* multiply)(const BlockProduct& call) noexcept;  // in the order of GgufType
};

const BlockProductKernels& blockProductReference() noexcept;
const BlockProductKernels& blockProductAvx2() noexcept;
const BlockProductKernels& blockProductAvx512Vnni() noexcept;

}  // namespace bitlathe
