#include "core/kernels/float_rows.h"

namespace bitlathe {

const FloatRows& floatRowsReference() noexcept;
const FloatRows& floatRowsAvx2() noexcept;
const FloatRows& floatRowsAvx512() noexcept;

const FloatRows& floatRows(Isa isa) noexcept {
    if (isa >= Isa::Avx512Vnni) return floatRowsAvx512();
    return isa >= Isa::Avx2 ? floatRowsAvx2() : floatRowsReference();
}

}  // namespace bitlathe
