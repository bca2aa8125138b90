#include "core/kernels/grid_error_kernels.h"

namespace bitlathe {

namespace {
const GridErrorKernel& kernelOf(Isa isa) noexcept {
    if (isa >= Isa::Avx512Vnni) return gridErrorAvx512();
    return isa >= Isa::Avx2 ? gridErrorAvx2() : gridErrorReference();
}
}  // namespace

double gridError(Isa isa, const ErrorPoints& points, const ErrorGrid& grid, float norm) noexcept { return kernelOf(isa).grid(points, grid, norm); }
double pairError(Isa isa, const ErrorPoints& points, const float* y, float norm) noexcept { return kernelOf(isa).pairs(points, y, norm); }

}  // namespace bitlathe
