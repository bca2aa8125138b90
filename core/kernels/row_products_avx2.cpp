#include "core/kernels/row_products_body.h"

namespace bitlathe {

const RowProductKernels& rowProductsAvx2() noexcept {
    static constexpr RowProductKernels kernels{products, sums};
    return kernels;
}

}  // namespace bitlathe
