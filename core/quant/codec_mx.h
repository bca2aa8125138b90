// The rows of microscaling blocks: 32 small floats or integers with one power of two (OCP MX 1.0), and
// NVFP4, 16 floats of 4 bits with an 8-bit float.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

extern const Codec kMxCodecs[7];

}  // namespace bitlathe
