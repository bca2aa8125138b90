// The rows of −1, 0, +1 with one scale: ternary weight networks and BitNet b1.58.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

extern const Codec kTernaryCodecs[2];

}  // namespace bitlathe
