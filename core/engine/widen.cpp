#include "core/engine/widen.h"

#include "core/tensor/convert.h"

namespace bitlathe {

Tensor fromFloat32(const Tensor& tensor, ElementType type) {
    const auto from = tensor.as<float>();
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(type, tensor.shape(), bytes);
    if (type == ElementType::F64) std::copy(from.begin(), from.end(), reinterpret_cast<double*>(bytes));
    auto* codes = reinterpret_cast<std::uint16_t*>(bytes);
    if (type == ElementType::F16) std::transform(from.begin(), from.end(), codes, floatToHalf);
    if (type == ElementType::BF16) std::transform(from.begin(), from.end(), codes, floatToBfloat);
    return result;
}

}  // namespace bitlathe
