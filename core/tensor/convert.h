// One element's bits as a number, and the small float formats' bits as float32: the truth that faster
// rows in core/kernels are tested against. Layouts: IEEE 754, OCP 8-bit floats, OCP MX.
#pragma once

#include "core/tensor/element_type.h"

#include <cstddef>
#include <cstdint>

namespace bitlathe {

float halfToFloat(std::uint16_t half) noexcept;
std::uint16_t floatToHalf(float value) noexcept;  // to nearest, ties to even; overflow to infinity
float bfloatToFloat(std::uint16_t bits) noexcept;
std::uint16_t floatToBfloat(float value) noexcept;  // to nearest, ties to even; NaN stays NaN

// A small float with `exponentBits` and `mantissaBits`; the kind says how the top codes are read.
enum class SmallFloatKind {
    Ieee,      // infinities and NaNs in the top exponent (E5M2)
    Finite,    // no infinity; NaN only at S.1…1 (E4M3FN)
    FiniteUz,  // no infinity, no negative zero: 0x80 is the NaN (FNUZ)
    NoNan,     // every code is a number (E2M1, E2M3, E3M2)
};
float smallFloatToFloat(unsigned code, int exponentBits, int mantissaBits, int bias, SmallFloatKind kind) noexcept;

// Element i of packed or plain storage as a double: exact for every type but 64-bit integers beyond 2^53.
// Packed types store the first element in the low bits. Not for String.
double elementAt(ElementType type, const std::byte* bytes, std::int64_t i) noexcept;

}  // namespace bitlathe
