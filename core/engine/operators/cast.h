// From one number format to another.
#pragma once

#include "core/tensor/element_type.h"

#include <cstdint>
#include <optional>

namespace bitlathe {

class OperatorContext;

// Real to integer: towards zero; beyond the range the nearest end, NaN to 0 (ONNX leaves both open).
// Integer to integer: the low bits. To a small float: to nearest, ties to even, with `saturate` as in ONNX.
void runCast(OperatorContext& context);
void runCastLike(OperatorContext& context);

// The element type behind ONNX's TensorProto.DataType; nothing for complex numbers and unknown codes.
std::optional<ElementType> elementTypeOfOnnx(std::int64_t code) noexcept;

}  // namespace bitlathe
