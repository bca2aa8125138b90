#include "core/kernels/block_product_body.h"

namespace bitlathe {

const BlockProductKernels& blockProductAvx2() noexcept { return kBlockProductKernels; }

}  // namespace bitlathe
