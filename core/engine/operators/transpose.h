// Orders a tensor's axes anew.
#pragma once

#include "core/tensor/shape.h"

#include <cstddef>
#include <span>

namespace bitlathe {

class OperatorContext;

void runTranspose(OperatorContext& context);

// Writes `from` (of this shape, elements of 1, 2, 4 or 8 bytes) to `to` with axis i of the result being axis
// permutation[i] of the source. Parallel; for operators that need their data in another order.
void transpose(OperatorContext& context, const std::byte* from, const Shape& shape, std::span<const int> permutation,
               int elementBytes, std::byte* to);

}  // namespace bitlathe
