#include "core/kernels/block_layout.h"

namespace bitlathe {

const BlockKernels& blockKernelsAvx2() noexcept { return kBlockKernels; }

}  // namespace bitlathe
