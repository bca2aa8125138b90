// The extents of a tensor, outermost first. Knows no element type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

// Every extent is >= 0; rank 0 is a scalar with one element.
class Shape {
public:
    Shape() = default;
    Shape(std::initializer_list<std::int64_t> dims) : m_dims(dims) {}
    explicit Shape(std::vector<std::int64_t> dims) : m_dims(std::move(dims)) {}

    int rank() const noexcept { return static_cast<int>(m_dims.size()); }
    std::int64_t operator[](int axis) const noexcept { return m_dims[static_cast<std::size_t>(axis)]; }
    std::int64_t& operator[](int axis) noexcept { return m_dims[static_cast<std::size_t>(axis)]; }
    const std::vector<std::int64_t>& dims() const noexcept { return m_dims; }
    auto begin() const noexcept { return m_dims.begin(); }
    auto end() const noexcept { return m_dims.end(); }

    // The number of elements; the product must fit (checkedCount() is for untrusted shapes).
    std::int64_t count() const noexcept;
    // Product of the extents of axes [from, to).
    std::int64_t count(int from, int to) const noexcept;

    bool operator==(const Shape&) const = default;

private:
    std::vector<std::int64_t> m_dims;
};

// The number of elements, or nothing when an extent is negative or the product exceeds 2^62.
std::optional<std::int64_t> checkedCount(std::span<const std::int64_t> dims) noexcept;

// "64 × 3 × 3 × 3"; "scalar" for rank 0.
std::string toText(const Shape& shape);

// Row-major strides in elements.
std::vector<std::int64_t> stridesOf(const Shape& shape);

// numpy's broadcasting; nothing when the shapes do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

}  // namespace bitlathe
