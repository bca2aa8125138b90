#include "core/tensor/packed_tensor.h"

namespace bitlathe {

std::int64_t PackedTensor::bytes() const noexcept {
    std::int64_t sum = 0;
    for (const auto part : parts) sum += static_cast<std::int64_t>(part.size());
    return sum;
}

Tensor toFloat32(const PackedTensor& tensor) {
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, tensor.shape, bytes);
    auto* to = reinterpret_cast<float*>(bytes);
    const std::int64_t columns = tensor.columns(), rows = columns == 0 ? 0 : tensor.rows();
    constexpr std::int64_t kRows = 64;  // at once: columns of packed arrays lie side by side
    for (std::int64_t row = 0; row < rows; row += kRows) {
        const std::int64_t end = std::min(row + kRows, rows);
        tensor.decode(row, end, {to + row * columns, static_cast<std::size_t>((end - row) * columns)});
    }
    return result;
}

}  // namespace bitlathe
