// Rows of half-precision floats and of codes packed into bytes, to and from the wide types. Layouts are
// those of core/tensor/convert.h, one element at a time; these rows are its speed.
#pragma once

#include <cstdint>

#include "core/kernels/isa.h"

namespace bitlathe {

// IEEE binary16 and bfloat16. Narrowing goes to the nearest, ties to even; overflow to infinity. A NaN
// stays a NaN (made quiet).
void floatsFromHalves(Isa isa, const std::uint16_t* x, std::int64_t count, float* y) noexcept;
void halvesFromFloats(Isa isa, const float* x, std::int64_t count, std::uint16_t* y) noexcept;
void floatsFromBfloats(Isa isa, const std::uint16_t* x, std::int64_t count, float* y) noexcept;
void bfloatsFromFloats(Isa isa, const float* x, std::int64_t count, std::uint16_t* y) noexcept;

// Codes of `bits` bits (1, 2 or 4) in bytes, the first in the lowest bits. Packed rows have
// (count * bits + 7) / 8 bytes, unused bits 0.
constexpr std::int64_t packedBytes(int bits, std::int64_t count) noexcept { return (count * bits + 7) / 8; }

// One byte per code: zero-extended, or sign-extended where isSigned.
void unpackCodes(Isa isa, int bits, bool isSigned, const std::uint8_t* packed, std::int64_t count, std::uint8_t* codes) noexcept;
// Takes the low bits of each code.
void packCodes(Isa isa, int bits, const std::uint8_t* codes, std::int64_t count, std::uint8_t* packed) noexcept;

}  // namespace bitlathe
