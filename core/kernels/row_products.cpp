#include "core/kernels/row_products.h"

#include "core/kernels/row_products_kernels.h"

namespace bitlathe {

namespace {

const RowProductKernels& kernelsFor(Isa isa) noexcept {
    if (isa >= Isa::Avx512Vnni) return rowProductsAvx512();
    return isa >= Isa::Avx2 ? rowProductsAvx2() : rowProductsReference();
}

}  // namespace

void rowProducts(Isa isa, const RowProducts& task) noexcept { kernelsFor(isa).products(task); }
void rowSums(Isa isa, const RowSums& task) noexcept { kernelsFor(isa).sums(task); }

}  // namespace bitlathe
