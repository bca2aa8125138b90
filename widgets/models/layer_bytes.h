// Bytes of one layer, as they follow from its shape and scheme alone. Knows no files.
#pragma once

#include "core/model/layer.h"
#include "core/quant/scheme.h"

#include <cstdint>

namespace bitlathe {

// Weight and bias under a scheme; the bias stays as it is.
std::int64_t bytesOf(const Layer& layer, const Scheme& scheme);
// The weight alone in the source.
std::int64_t sourceBytesOf(const Layer& layer);
// Bits of one weight in the source.
double sourceBitsOf(const Layer& layer);

}  // namespace bitlathe
