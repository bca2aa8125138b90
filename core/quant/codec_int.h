// The row of integer formats of 1 to 16 bits: affine, one scale and one zero point per group.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

extern const Codec kIntegerCodec;

}  // namespace bitlathe
