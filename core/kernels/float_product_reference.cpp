#include "core/kernels/float_product_body.h"

namespace bitlathe {

void multiplyFloatsReference(const FloatProduct& call) noexcept { multiplyAny(call); }

}  // namespace bitlathe
