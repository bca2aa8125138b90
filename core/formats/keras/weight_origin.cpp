#include "core/formats/keras/weight_origin.h"

#include <algorithm>

namespace bitlathe::keras {

Tensor transposed(const Tensor& tensor, const std::vector<std::int64_t>& axes) {
    const std::size_t rank = axes.size();
    std::vector<std::int64_t> stride(rank, 1), shape(rank), step(rank);
    for (std::size_t i = rank; i-- > 1;) stride[i - 1] = stride[i] * tensor.shape()[i];
    for (std::size_t i = 0; i < rank; ++i) {
        shape[i] = tensor.shape()[static_cast<std::size_t>(axes[i])];
        step[i] = stride[static_cast<std::size_t>(axes[i])];
    }
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, Shape(shape), bytes);
    const auto from = tensor.as<float>();
    auto* to = reinterpret_cast<float*>(bytes);
    std::vector<std::int64_t> index(rank, 0);
    for (std::int64_t i = 0, at = 0; i < tensor.count(); ++i) {
        to[i] = from[static_cast<std::size_t>(at)];
        for (std::size_t d = rank; d-- > 0;) {
            at += step[d];
            if (++index[d] < shape[d]) break;
            at -= step[d] * shape[d];
            index[d] = 0;
        }
    }
    return result;
}

Tensor inFileOrder(const WeightOrigin& origin, const Tensor& values) {
    Tensor tensor = values;
    if (origin.axes.empty()) {
        tensor = tensor.reshaped(Shape(origin.shape));
    } else {
        std::vector<std::int64_t> turned(origin.axes.size()), back(origin.axes.size());
        for (std::size_t i = 0; i < origin.axes.size(); ++i) {
            turned[i] = origin.shape[static_cast<std::size_t>(origin.axes[i])];
            back[static_cast<std::size_t>(origin.axes[i])] = static_cast<std::int64_t>(i);
        }
        tensor = transposed(tensor.reshaped(Shape(turned)), back);
    }
    if (origin.gates.empty() || tensor.count() == 0) return tensor;
    const auto blocks = static_cast<std::int64_t>(origin.gates.size()), row = origin.shape.back(), block = row / blocks;
    std::byte* bytes = nullptr;
    Tensor result = Tensor::allocate(ElementType::F32, tensor.shape(), bytes);
    const auto from = tensor.as<float>();
    auto* to = reinterpret_cast<float*>(bytes);
    for (std::int64_t r = 0; r * row < tensor.count(); ++r)
        for (std::int64_t g = 0; g < blocks; ++g)
            std::copy_n(from.data() + r * row + g * block, block, to + r * row + origin.gates[static_cast<std::size_t>(g)] * block);
    return result;
}

}  // namespace bitlathe::keras
