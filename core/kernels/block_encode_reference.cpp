#include "core/kernels/block_layout.h"

namespace bitlathe {

const BlockKernels& blockKernelsReference() noexcept { return kBlockKernels; }

}  // namespace bitlathe
