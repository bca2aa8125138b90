#include "core/kernels/grid_error_body.h"

namespace bitlathe {

const GridErrorKernel& gridErrorReference() noexcept {
    static constexpr GridErrorKernel kernel = {gridErrorBody, pairErrorBody};
    return kernel;
}

}  // namespace bitlathe
