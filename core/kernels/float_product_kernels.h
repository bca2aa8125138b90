// The implementations behind float_product.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include "core/kernels/float_product.h"

namespace bitlathe {

void multiplyFloatsReference(const FloatProduct& call) noexcept;
void multiplyFloatsAvx2(const FloatProduct& call) noexcept;
void multiplyFloatsAvx512(const FloatProduct& call) noexcept;

}  // namespace bitlathe
