// One PNG or JPEG picture as bytes: H × W × 3, U8, RGB.
#pragma once

#include "core/tensor/tensor.h"

#include <string>

namespace bitlathe {

// Throws Error(Input) with the path: not a picture, damaged, or larger than kMostPixels.
inline constexpr std::int64_t kMostPixels = 100'000'000;
Tensor readImage(const std::string& path);

}  // namespace bitlathe
