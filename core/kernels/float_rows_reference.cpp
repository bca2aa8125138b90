#include "core/kernels/float_rows_body.h"

namespace bitlathe {

const FloatRows& floatRowsReference() noexcept { return kFloatRows; }

}  // namespace bitlathe
