#include "core/kernels/float_product.h"

#include "core/kernels/float_product_kernels.h"

namespace bitlathe {

void multiplyFloats(Isa isa, const FloatProduct& call) noexcept {
    constexpr void (*implementations[])(const FloatProduct&) noexcept = {multiplyFloatsReference, multiplyFloatsAvx2, multiplyFloatsAvx512};
    implementations[static_cast<int>(lowered(Isa::Avx512Vnni, isa))](call);
}

}  // namespace bitlathe
