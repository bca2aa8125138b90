// Half and double precision around operators that compute in float32.
#pragma once

#include "core/tensor/tensor.h"

namespace bitlathe {

// float16, bfloat16, float64: what toFloat32() is applied to before a float32 operator.
inline bool isWidened(ElementType type) noexcept {
    return type == ElementType::F16 || type == ElementType::BF16 || type == ElementType::F64;
}

// A float32 tensor as `type` (one that isWidened), to nearest, ties to even.
Tensor fromFloat32(const Tensor& tensor, ElementType type);

}  // namespace bitlathe
