#include "core/kernels/row_products_body.h"

namespace bitlathe {

const RowProductKernels& rowProductsAvx512() noexcept {
    static constexpr RowProductKernels kernels{products, sums};
    return kernels;
}

}  // namespace bitlathe
