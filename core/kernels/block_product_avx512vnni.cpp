#include "core/kernels/block_product_body.h"

namespace bitlathe {

const BlockProductKernels& blockProductAvx512Vnni() noexcept { return kBlockProductKernels; }

}  // namespace bitlathe
