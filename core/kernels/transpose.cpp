#include "core/kernels/transpose.h"

#include "core/kernels/transpose_kernels.h"

namespace bitlathe {

void transposeReference(const TransposeTask& t) noexcept {
    for (std::int64_t row = 0; row < t.rows; ++row)
        for (std::int64_t column = 0; column < t.columns; ++column)
            t.y[column * t.yStride + row] = t.x[row * t.xStride + column];
}

void transposeFloatsReference(const TransposeFloatsTask& t) noexcept {
    for (std::int64_t row = 0; row < t.rows; ++row)
        for (std::int64_t column = 0; column < t.columns; ++column)
            t.y[column * t.yStride + row] = t.x[row * t.xStride + column];
}

void transposeFloats(Isa isa, const float* x, std::int64_t rows, std::int64_t columns, std::int64_t xStride, float* y,
                     std::int64_t yStride) noexcept {
    const TransposeFloatsTask task{x, rows, columns, xStride, y, yStride};
    if (isa >= Isa::Avx2) transposeFloatsAvx2(task);
    else transposeFloatsReference(task);
}

void transposeBytes(Isa isa, const void* x, std::int64_t rows, std::int64_t columns, std::int64_t xStride, void* y,
                    std::int64_t yStride) noexcept {
    const TransposeTask task{static_cast<const std::uint8_t*>(x), rows, columns, xStride, static_cast<std::uint8_t*>(y), yStride};
    if (isa >= Isa::Avx2) transposeAvx2(task);
    else transposeReference(task);
}

}  // namespace bitlathe
