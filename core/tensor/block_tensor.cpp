#include "core/tensor/block_tensor.h"

#include <cassert>

namespace bitlathe {

bool BlockTensor::operator==(const BlockTensor& other) const {
    return form == other.form && shape == other.shape && std::equal(bytes.begin(), bytes.end(), other.bytes.begin(), other.bytes.end());
}

std::int64_t bytesFor(const BlockForm& form, std::int64_t count) noexcept {
    assert(count % form.values == 0);
    return count / form.values * form.bytes;
}

Tensor toFloat32(const BlockTensor& tensor) {
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, tensor.shape, bytes);
    const std::int64_t count = tensor.shape.count();
    tensor.form->decode(tensor.bytes.first(static_cast<std::size_t>(bytesFor(*tensor.form, count))),
                        {reinterpret_cast<float*>(bytes), static_cast<std::size_t>(count)});
    return result;
}

}  // namespace bitlathe
