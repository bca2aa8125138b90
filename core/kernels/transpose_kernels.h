// The implementations behind transpose.h. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

struct TransposeTask {
    const std::uint8_t* x;
    std::int64_t rows, columns, xStride;
    std::uint8_t* y;
    std::int64_t yStride;
};

struct TransposeFloatsTask {
    const float* x;
    std::int64_t rows, columns, xStride;
    float* y;
    std::int64_t yStride;
};

void transposeReference(const TransposeTask& task) noexcept;
void transposeAvx2(const TransposeTask& task) noexcept;
void transposeFloatsReference(const TransposeFloatsTask& task) noexcept;
void transposeFloatsAvx2(const TransposeFloatsTask& task) noexcept;

}  // namespace bitlathe
