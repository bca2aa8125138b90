#include "core/kernels/float_rows_body.h"

namespace bitlathe {

const FloatRows& floatRowsAvx2() noexcept { return kFloatRows; }

}  // namespace bitlathe
