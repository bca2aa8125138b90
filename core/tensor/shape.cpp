#include "core/tensor/shape.h"

#include <algorithm>

namespace bitlathe {

std::int64_t Shape::count() const noexcept { return count(0, rank()); }

std::int64_t Shape::count(int from, int to) const noexcept {
    std::int64_t product = 1;
    for (int axis = from; axis < to; ++axis) product *= (*this)[axis];
    return product;
}

std::optional<std::int64_t> checkedCount(std::span<const std::int64_t> dims) noexcept {
    constexpr std::int64_t kMost = std::int64_t(1) << 62;
    std::int64_t product = 1;
    bool empty = false;
    for (const std::int64_t dim : dims) {
        if (dim < 0) return std::nullopt;
        if (dim == 0) empty = true;
        else if (product > kMost / dim) return std::nullopt;
        else product *= dim;
    }
    return empty ? 0 : product;
}

std::string toText(const Shape& shape) {
    if (shape.rank() == 0) return "scalar";
    std::string text;
    for (const auto dim : shape) text += (text.empty() ? "" : " × ") + std::to_string(dim);
    return text;
}

std::vector<std::int64_t> stridesOf(const Shape& shape) {
    std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
    std::int64_t step = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        strides[static_cast<std::size_t>(axis)] = step;
        step *= shape[axis];
    }
    return strides;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
    const int rank = std::max(a.rank(), b.rank());
    std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
    for (int i = 1; i <= rank; ++i) {
        const auto x = i <= a.rank() ? a[a.rank() - i] : 1;
        const auto y = i <= b.rank() ? b[b.rank() - i] : 1;
        if (x != y && x != 1 && y != 1) return std::nullopt;
        dims[static_cast<std::size_t>(rank - i)] = x == 1 ? y : x;
    }
    return Shape(std::move(dims));
}

}  // namespace bitlathe
