// The cases of kernels_bench, one function per family.
#pragma once

#include "tests/bench/limits.h"

namespace bitlathe {

void benchMatrices(const Machine& machine);
void benchConvolutions(const Machine& machine);
void benchRows(const Machine& machine);
void benchBlocks(const Machine& machine);  // weights in GGUF blocks
void benchWeights(const Machine& machine);
void benchFormats(const Machine& machine);  // on one thread and on the machine's; `only` does not choose

}  // namespace bitlathe
