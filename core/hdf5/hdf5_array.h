// What an array in an HDF5 file is.
#pragma once

#include "core/tensor/tensor.h"

namespace bitlathe {

struct Hdf5ArrayInfo {
    ElementType type = ElementType::F32;
    Shape shape;
};

}  // namespace bitlathe
