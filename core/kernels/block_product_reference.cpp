#include "core/kernels/block_product_body.h"

namespace bitlathe {

const BlockProductKernels& blockProductReference() noexcept { return kBlockProductKernels; }

}  // namespace bitlathe
