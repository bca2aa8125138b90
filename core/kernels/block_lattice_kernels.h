// Fitting and coding of the lattice types, sixteen blocks of 256 values side by side, for the driver of
// block_encode.h and for the ISA files. Plain data only.
//
// What is coded. A part's scale is block scale · unit · an odd number; its groups of eight values (IQ3: four) are
// points of core/kernels/lattice_points.h times signs. Fitting and coding lessen Σ w · error²: w is 1, or with
// importance, importance · √(2 · mean square + x²), where values count as a few hundredths larger (block_lattice_fit.h). A code is a value's level, counted from the lowest.
#pragma once

#include "core/kernels/gguf_type.h"

namespace bitlathe {

constexpr int latticeTogether = 16, latticeValues = 256;

// Up to 16 blocks. Lanes without a block repeat another. Values are finite and at most kGgufFar in magnitude.
struct LatticeSixteen {
    int blocks;
    int count;                                      // values that a block has; those behind them are 0 and have no say
    const float* x[latticeTogether];                // 256 of each block
    const std::uint8_t* importance[latticeTogether];  // of codeImportance(), or the first is nullptr
};

struct LatticeTypeKernels {
    void (*fit)(const LatticeSixteen& sixteen, GgufParameters* out) noexcept;
    void (*encode)(const LatticeSixteen& sixteen, const GgufParameters* parameters, std::uint8_t* codes) noexcept;  // 256 a block
};

// In the order of GgufType from IQ1_S on.
const LatticeTypeKernels* latticeKernelsReference() noexcept;
const LatticeTypeKernels* latticeKernelsAvx2() noexcept;
const LatticeTypeKernels* latticeKernelsAvx512() noexcept;

}  // namespace bitlathe
