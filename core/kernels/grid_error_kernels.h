// The implementations of grid_error.h, one per instruction set.
#pragma once

#include "core/kernels/grid_error.h"

namespace bitlathe {

struct GridErrorKernel {
    double (*grid)(const ErrorPoints& points, const ErrorGrid& grid, float norm) noexcept;
    double (*pairs)(const ErrorPoints& points, const float* y, float norm) noexcept;
};

const GridErrorKernel& gridErrorReference() noexcept;
const GridErrorKernel& gridErrorAvx2() noexcept;
const GridErrorKernel& gridErrorAvx512() noexcept;

}  // namespace bitlathe
