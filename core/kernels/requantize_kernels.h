// The implementations behind requantize.h, for its dispatcher and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

struct RequantizeTask {
    const std::int32_t* acc;
    std::int64_t accStride;
    std::int64_t rows, columns;
    std::uint8_t* y;
    std::int64_t yStride;
    const float* scales;
    bool perColumn;
    float low, high;  // bounds less the zero point
    std::int32_t zeroPoint;
};

using RequantizeFn = void (*)(const RequantizeTask& task) noexcept;

void requantizeReference(const RequantizeTask& task) noexcept;
void requantizeAvx2(const RequantizeTask& task) noexcept;
void requantizeAvx512(const RequantizeTask& task) noexcept;

}  // namespace bitlathe
