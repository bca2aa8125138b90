#include "core/kernels/float_product_body.h"

namespace bitlathe {

void multiplyFloatsAvx2(const FloatProduct& call) noexcept { multiplyAny(call); }

}  // namespace bitlathe
