// A shape, an element type and shared immutable bytes, which may lie in a mapped file.
// Knows no arithmetic: conversion is in core/kernels, meaning is in core/model.
#pragma once

#include "core/tensor/element_type.h"
#include "core/tensor/shape.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace bitlathe {

// Copying shares the bytes. Never changes after it was made, so it may cross threads freely.
class Tensor {
public:
    Tensor() = default;  // empty: F32, shape {0}
    // Views bytes that `owner` keeps alive; bytes.size() >= bytesFor(type, shape.count()).
    // The bytes need no alignment: as<T>() asserts it, and readers copy what lies askew.
    Tensor(ElementType type, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

    // Owns a copy of the values.
    template <class T>
    static Tensor of(Shape shape, std::span<const T> values);
    template <class T>
    static Tensor of(Shape shape, const std::vector<T>& values) { return of(std::move(shape), std::span<const T>(values)); }
    template <class T>
    static Tensor scalar(T value) { return of(Shape{}, std::span<const T>(&value, 1)); }
    // Fresh bytes, 64-byte aligned, uninitialised; the caller fills them before anyone else sees the tensor.
    static Tensor allocate(ElementType type, Shape shape, std::byte*& bytes);

    ElementType type() const noexcept { return m_type; }
    const Shape& shape() const noexcept { return m_shape; }
    std::int64_t count() const noexcept { return m_shape.count(); }
    std::span<const std::byte> bytes() const noexcept { return m_bytes; }
    const std::shared_ptr<const void>& owner() const noexcept { return m_owner; }

    // The elements; T must be the element type (an F16 or BF16 tensor reads as std::uint16_t, an 8-bit
    // float as std::uint8_t). Not for packed types.
    template <class T>
    std::span<const T> as() const;

    // The same bytes under another shape of equal count.
    Tensor reshaped(Shape shape) const;
    // Equal type, shape and bytes.
    bool operator==(const Tensor& other) const;

private:
    ElementType m_type = ElementType::F32;
    Shape m_shape{0};
    std::span<const std::byte> m_bytes;
    std::shared_ptr<const void> m_owner;
};

// The values as float32; packed, half, 8-bit and integer types are converted element by element.
// Shares the bytes when the tensor is F32 already. String tensors are refused by an assert.
Tensor toFloat32(const Tensor& tensor);
// The values as int64 (for shapes, axes, pads); float types are truncated.
std::vector<std::int64_t> toInt64(const Tensor& tensor);

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
    assert(shape.count() == static_cast<std::int64_t>(values.size()));
    std::byte* to = nullptr;
    Tensor tensor = allocate(ElementOf<T>::type, std::move(shape), to);
    if (!values.empty()) std::copy_n(reinterpret_cast<const std::byte*>(values.data()), values.size_bytes(), to);
    return tensor;
}

template <class T>
std::span<const T> Tensor::as() const {
    assert(bitsOf(m_type) == int(sizeof(T) * 8));
    assert(reinterpret_cast<std::uintptr_t>(m_bytes.data()) % alignof(T) == 0);
    return {reinterpret_cast<const T*>(m_bytes.data()), static_cast<std::size_t>(count())};
}

}  // namespace bitlathe
