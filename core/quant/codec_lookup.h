// The rows whose levels are made from the weights and stored with each group: weight sharing.
#pragma once

#include "core/quant/codec.h"

namespace bitlathe {

// k-means, equal probability, equal intervals: 2 … 256 levels.
extern const Codec kLookupCodecs[3];

}  // namespace bitlathe
