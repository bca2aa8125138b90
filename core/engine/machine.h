// What the engine computes on: the instruction set and the BLAS. Made once by the program and handed
// down; sharing it costs nothing. Knows no model.
#pragma once

#include "core/kernels/isa.h"

#include <memory>

namespace bitlathe {

class Blas;

struct Machine {
    Isa isa = Isa::Reference;
    std::shared_ptr<const Blas> blas;  // never null

    // The best of this machine, or less where `most` says so.
    static Machine detect(Isa most = Isa::Amx);
};

}  // namespace bitlathe
