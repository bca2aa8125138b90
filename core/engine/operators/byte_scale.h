// The scale and zero point of a tensor of 8-bit codes, as an operator's inputs give them.
#pragma once

#include "core/engine/operator.h"
#include "core/kernels/elementwise.h"

namespace bitlathe {

// Inputs `scale` and `scale + 1` of the node; the zero point may be absent (0). fail()s unless both are
// single values.
ByteScale byteScale(const OperatorContext& context, std::size_t scale);

// refuse()s anything but I8 and U8.
ByteType codesOf(const OperatorContext& context, const Tensor& tensor);

}  // namespace bitlathe
