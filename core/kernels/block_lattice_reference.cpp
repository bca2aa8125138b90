#include "core/kernels/block_lattice_encode.h"

namespace bitlathe {

const LatticeTypeKernels* latticeKernelsReference() noexcept { return kLatticeKernels; }

}  // namespace bitlathe
