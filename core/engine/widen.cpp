#include "core/engine/widen.h"

#include "core/kernels/convert_rows.h"

#include <algorithm>

namespace bitlathe {

Tensor widened(const Tensor& tensor, Isa isa) {
    if (tensor.type() != ElementType::F16 && tensor.type() != ElementType::BF16) return toFloat32(tensor);
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, tensor.shape(), bytes);
    const auto rows = tensor.type() == ElementType::F16 ? floatsFromHalves : floatsFromBfloats;
    rows(isa, tensor.as<std::uint16_t>().data(), tensor.count(), reinterpret_cast<float*>(bytes));
    return result;
}

Tensor fromFloat32(const Tensor& tensor, ElementType type, Isa isa) {
    const auto from = tensor.as<float>();
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(type, tensor.shape(), bytes);
    auto* codes = reinterpret_cast<std::uint16_t*>(bytes);
    if (type == ElementType::F64) std::copy(from.begin(), from.end(), reinterpret_cast<double*>(bytes));
    if (type == ElementType::F16) halvesFromFloats(isa, from.data(), tensor.count(), codes);
    if (type == ElementType::BF16) bfloatsFromFloats(isa, from.data(), tensor.count(), codes);
    return result;
}

}  // namespace bitlathe
