#include "core/kernels/block_lattice_encode.h"

namespace bitlathe {

const LatticeTypeKernels* latticeKernelsAvx512() noexcept { return kLatticeKernels; }

}  // namespace bitlathe
