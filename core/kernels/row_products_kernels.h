// The implementations behind row_products.h, one of each kind per ISA.
#pragma once

#include "core/kernels/row_products.h"

namespace bitlathe {

struct RowProductKernels {
    void (*products)(const RowProducts& task) noexcept;
    void (*sums)(const RowSums& task) noexcept;
};

const RowProductKernels& rowProductsReference() noexcept;
const RowProductKernels& rowProductsAvx2() noexcept;
const RowProductKernels& rowProductsAvx512() noexcept;

}  // namespace bitlathe
