#include "core/kernels/block_product.h"

#include <cassert>

#include "core/kernels/block_product_kernels.h"

namespace bitlathe {
namespace {

const BlockProductKernels& kernelsOf(Isa isa) noexcept {
    switch (isa) {
        case Isa::Reference: return blockProductReference();
        case Isa::Avx2: return blockProductAvx2();
        default: return blockProductAvx512Vnni();
    }
}

}  // namespace

void codeActivations(Isa isa, const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t k, ActivationGroup* out) noexcept {
    kernelsOf(isa).code(x, xStride, rows, k, out);
}

void multiplyBlocks(Isa isa, const BlockProduct& call) noexcept {
    assert(!isLattice(call.type));
    assert(call.k % kGgufSizes[static_cast<int>(call.type)].values == 0);
    if (call.m > 0 && call.n > 0) kernelsOf(isa).multiply[static_cast<int>(call.type)](call);
}

}  // namespace bitlathe
