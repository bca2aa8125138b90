#include "core/quant/small_float.h"

namespace bitlathe {

float decodeSmallFloat(const SmallFloat& f, unsigned code) noexcept {
    return smallFloatToFloat(code, f.exponentBits, f.mantissaBits, f.bias, f.kind);
}

}  // namespace bitlathe
