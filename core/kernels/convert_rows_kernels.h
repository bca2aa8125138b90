// The implementations behind convert_rows.h, for its dispatcher and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

// A row function does whole vectors only and returns how many elements it did; the dispatcher finishes the
// row with the reference.
struct ConvertImplementation {
    std::int64_t (*fromHalves)(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
    std::int64_t (*toHalves)(const float* x, std::int64_t count, std::uint16_t* y) noexcept;
    std::int64_t (*fromBfloats)(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
    std::int64_t (*toBfloats)(const float* x, std::int64_t count, std::uint16_t* y) noexcept;
    // Whole bytes of packed codes: the counts are multiples of 8.
    std::int64_t (*unpack)(int bits, bool isSigned, const std::uint8_t* packed, std::int64_t count, std::uint8_t* codes) noexcept;
    std::int64_t (*pack)(int bits, const std::uint8_t* codes, std::int64_t count, std::uint8_t* packed) noexcept;
};

std::int64_t fromHalvesAvx2(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
std::int64_t toHalvesAvx2(const float* x, std::int64_t count, std::uint16_t* y) noexcept;
std::int64_t fromBfloatsAvx2(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
std::int64_t toBfloatsAvx2(const float* x, std::int64_t count, std::uint16_t* y) noexcept;
std::int64_t unpackAvx2(int bits, bool isSigned, const std::uint8_t* packed, std::int64_t count, std::uint8_t* codes) noexcept;
std::int64_t packAvx2(int bits, const std::uint8_t* codes, std::int64_t count, std::uint8_t* packed) noexcept;

std::int64_t fromHalvesAvx512(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
std::int64_t toHalvesAvx512(const float* x, std::int64_t count, std::uint16_t* y) noexcept;
std::int64_t fromBfloatsAvx512(const std::uint16_t* x, std::int64_t count, float* y) noexcept;
std::int64_t toBfloatsAvx512(const float* x, std::int64_t count, std::uint16_t* y) noexcept;

}  // namespace bitlathe
