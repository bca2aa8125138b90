#include "core/kernels/grid_error_body.h"

namespace bitlathe {

const GridErrorKernel& gridErrorAvx512() noexcept {
    static constexpr GridErrorKernel kernel = {gridErrorBody, pairErrorBody};
    return kernel;
}

}  // namespace bitlathe
