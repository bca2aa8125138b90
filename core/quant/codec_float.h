// The rows of small floats with one scale per tensor, channel or group.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

// FP8 E4M3, E5M2 and their FNUZ kin, FP6 E3M2 and E2M3, FP4 E2M1.
extern const Codec kSmallFloatCodecs[7];

}  // namespace bitlathe
