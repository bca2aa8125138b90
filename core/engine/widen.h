// Half and double precision around operators that compute in float32.
#pragma once

#include "core/kernels/isa.h"
#include "core/tensor/tensor.h"

namespace bitlathe {

// float16, bfloat16, float64: what toFloat32() is applied to before a float32 operator.
inline bool isWidened(ElementType type) noexcept {
    return type == ElementType::F16 || type == ElementType::BF16 || type == ElementType::F64;
}

// Such a tensor as float32, and a float32 tensor as `type`, to nearest, ties to even; in bulk.
Tensor widened(const Tensor& tensor, Isa isa);
Tensor fromFloat32(const Tensor& tensor, ElementType type, Isa isa);

}  // namespace bitlathe
