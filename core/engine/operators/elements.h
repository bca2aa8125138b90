// C++ types for element types: lets one template serve every number that a tensor may hold.
// Knows no operator.
#pragma once

#include "core/tensor/convert.h"
#include "core/tensor/element_type.h"

#include <cstdint>
#include <type_traits>

namespace bitlathe {

// 16-bit floats as they lie in memory. Arithmetic happens in float; storing rounds to nearest even.
struct Half {
    std::uint16_t bits;
    Half() = default;
    explicit Half(float value) noexcept : bits(floatToHalf(value)) {}
    operator float() const noexcept { return halfToFloat(bits); }
};

struct Bfloat {
    std::uint16_t bits;
    Bfloat() = default;
    explicit Bfloat(float value) noexcept : bits(floatToBfloat(value)) {}
    operator float() const noexcept { return bfloatToFloat(bits); }
};

// The type in which a T is computed: float for the 16-bit floats, T itself for all others.
template <class T>
using Computed = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, Bfloat>, float, T>;
template <class T>
inline constexpr bool kIsReal = std::is_floating_point_v<Computed<T>>;

// Calls f(std::type_identity<T>{}) for the C++ type of `type`; false, and no call, for other types.
template <class F>
bool visitReals(ElementType type, F&& f) {
    switch (type) {
    case ElementType::F32: f(std::type_identity<float>{}); return true;
    case ElementType::F64: f(std::type_identity<double>{}); return true;
    case ElementType::F16: f(std::type_identity<Half>{}); return true;
    case ElementType::BF16: f(std::type_identity<Bfloat>{}); return true;
    default: return false;
    }
}

template <class F>
bool visitIntegers(ElementType type, F&& f) {
    switch (type) {
    case ElementType::I64: f(std::type_identity<std::int64_t>{}); return true;
    case ElementType::I32: f(std::type_identity<std::int32_t>{}); return true;
    case ElementType::I16: f(std::type_identity<std::int16_t>{}); return true;
    case ElementType::I8: f(std::type_identity<std::int8_t>{}); return true;
    case ElementType::U64: f(std::type_identity<std::uint64_t>{}); return true;
    case ElementType::U32: f(std::type_identity<std::uint32_t>{}); return true;
    case ElementType::U16: f(std::type_identity<std::uint16_t>{}); return true;
    case ElementType::U8: f(std::type_identity<std::uint8_t>{}); return true;
    default: return false;
    }
}

// Reals and integers; Bool is not a number.
template <class F>
bool visitNumbers(ElementType type, F&& f) {
    return visitReals(type, f) || visitIntegers(type, f);
}

// An unsigned integer as wide as the elements, for operators that only move them; not for packed types.
template <class F>
bool visitWidths(ElementType type, F&& f) {
    switch (bitsOf(type)) {
    case 8: f(std::type_identity<std::uint8_t>{}); return true;
    case 16: f(std::type_identity<std::uint16_t>{}); return true;
    case 32: f(std::type_identity<std::uint32_t>{}); return true;
    case 64: f(std::type_identity<std::uint64_t>{}); return true;
    default: return false;
    }
}

}  // namespace bitlathe
