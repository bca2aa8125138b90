#include "core/kernels/block_layout.h"

namespace bitlathe {

const BlockKernels& blockKernelsAvx512() noexcept { return kBlockKernels; }

}  // namespace bitlathe
