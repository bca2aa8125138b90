#include "core/kernels/float_product_body.h"

namespace bitlathe {

void multiplyFloatsAvx512(const FloatProduct& call) noexcept { multiplyAny(call); }

}  // namespace bitlathe
