// The rows whose levels are a fixed table times a scale: NF4 and FP4 of bitsandbytes, logarithmic levels,
// sums of powers of two, and a table of the user.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

extern const Codec kTableCodecs[6];

}  // namespace bitlathe
