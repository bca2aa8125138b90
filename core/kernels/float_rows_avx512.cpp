#include "core/kernels/float_rows_body.h"

namespace bitlathe {

const FloatRows& floatRowsAvx512() noexcept { return kFloatRows; }

}  // namespace bitlathe
