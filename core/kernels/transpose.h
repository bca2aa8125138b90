// Transposition of matrices: between NCHW, as ONNX has images, and NHWC, as the integer kernels want them,
// one image per call; and of weights whose channels lie in columns.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

// y[column][row] = x[row][column] for a rows x columns matrix of bytes; strides in bytes.
// NCHW to NHWC: rows = channels, columns = pixels, xStride = pixels, yStride = channels; back: the reverse.
void transposeBytes(Isa isa, const void* x, std::int64_t rows, std::int64_t columns, std::int64_t xStride, void* y,
                    std::int64_t yStride) noexcept;

// The same for floats; strides in elements.
void transposeFloats(Isa isa, const float* x, std::int64_t rows, std::int64_t columns, std::int64_t xStride, float* y,
                     std::int64_t yStride) noexcept;

}  // namespace bitlathe
