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

void transposeReference(const TransposeTask& task) noexcept;
void transposeAvx2(const TransposeTask& task) noexcept;

}  // namespace bitlathe
