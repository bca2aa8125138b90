#include "core/tensor/tensor.h"

#include "core/tensor/convert.h"

#include <cstring>
#include <new>

namespace bitlathe {

Tensor::Tensor(ElementType type, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
    : m_type(type), m_shape(std::move(shape)), m_owner(std::move(owner)) {
    const auto size = static_cast<std::size_t>(bytesFor(type, m_shape.count()));
    assert(bytes.size() >= size);
    m_bytes = bytes.first(size);
}

Tensor Tensor::allocate(ElementType type, Shape shape, std::byte*& bytes) {
    constexpr std::align_val_t kAlignment{64};
    const auto size = static_cast<std::size_t>(bytesFor(type, shape.count()));
    bytes = static_cast<std::byte*>(::operator new(size, kAlignment));
    std::shared_ptr<const void> owner(bytes, [](const void* at) { ::operator delete(const_cast<void*>(at), kAlignment); });
    return Tensor(type, std::move(shape), {bytes, size}, std::move(owner));
}

Tensor Tensor::reshaped(Shape shape) const {
    assert(shape.count() == count());
    return Tensor(m_type, std::move(shape), m_bytes, m_owner);
}

bool Tensor::operator==(const Tensor& other) const {
    return m_type == other.m_type && m_shape == other.m_shape &&
           (m_bytes.empty() || std::memcmp(m_bytes.data(), other.m_bytes.data(), m_bytes.size()) == 0);
}

Tensor toFloat32(const Tensor& tensor) {
    if (tensor.type() == ElementType::F32) return tensor;
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, tensor.shape(), bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    for (std::int64_t i = 0, n = tensor.count(); i < n; ++i) to[i] = static_cast<float>(elementAt(tensor.type(), tensor.bytes().data(), i));
    return result;
}

std::vector<std::int64_t> toInt64(const Tensor& tensor) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.count()));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        if (tensor.type() == ElementType::I64) std::memcpy(&values[i], tensor.bytes().data() + 8 * at, 8);
        else values[i] = static_cast<std::int64_t>(elementAt(tensor.type(), tensor.bytes().data(), at));
    }
    return values;
}

}  // namespace bitlathe
