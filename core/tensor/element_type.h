// What one element of a tensor is. Knows sizes and names, not arithmetic.
#pragma once

#include <cstdint>
#include <string_view>

namespace bitlathe {

enum class ElementType : std::uint8_t {
    F64, F32, F16, BF16,
    I64, I32, I16, I8, U64, U32, U16, U8, Bool,
    I4, U4, I2, U2,                          // packed, first element in the low bits (ONNX)
    F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F8E8M0,
    F4E2M1,                                  // packed, first element in the low nibble
    String,                                  // known, never stored: such tensors are named and refused
};

// Bits of one element: 64 … 2; 0 for String.
int bitsOf(ElementType type) noexcept;
// Bytes of `count` elements, packed without gaps, the last byte padded. count >= 0.
std::int64_t bytesFor(ElementType type, std::int64_t count) noexcept;
// "float32", "int8", "uint4", "float8e4m3fn" …: numpy's and ONNX's names.
std::string_view nameOf(ElementType type) noexcept;
bool isFloat(ElementType type) noexcept;
bool isInteger(ElementType type) noexcept;  // not Bool
bool isSigned(ElementType type) noexcept;

// The element type of a C++ type; std::uint16_t is U16, never a half.
template <class T> struct ElementOf;
template <> struct ElementOf<double> { static constexpr ElementType type = ElementType::F64; };
template <> struct ElementOf<float> { static constexpr ElementType type = ElementType::F32; };
template <> struct ElementOf<std::int64_t> { static constexpr ElementType type = ElementType::I64; };
template <> struct ElementOf<std::int32_t> { static constexpr ElementType type = ElementType::I32; };
template <> struct ElementOf<std::int16_t> { static constexpr ElementType type = ElementType::I16; };
template <> struct ElementOf<std::int8_t> { static constexpr ElementType type = ElementType::I8; };
template <> struct ElementOf<std::uint64_t> { static constexpr ElementType type = ElementType::U64; };
template <> struct ElementOf<std::uint32_t> { static constexpr ElementType type = ElementType::U32; };
template <> struct ElementOf<std::uint16_t> { static constexpr ElementType type = ElementType::U16; };
template <> struct ElementOf<std::uint8_t> { static constexpr ElementType type = ElementType::U8; };
template <> struct ElementOf<bool> { static constexpr ElementType type = ElementType::Bool; };

}  // namespace bitlathe
