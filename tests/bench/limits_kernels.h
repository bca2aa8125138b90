// Loops that do nothing but saturate one resource. Plain data only, for the ISA files.
#pragma once

#include <cstdint>

namespace bitlathe {

// `rounds` rounds of independent 8-bit multiply-adds in registers; each round is the returned count of
// multiply-adds.
constexpr std::int64_t macsPerRoundAvx2 = 12 * 16;
constexpr std::int64_t macsPerRoundVnni = 24 * 64;
std::uint64_t multiplyAvx2(std::int64_t rounds) noexcept;
std::uint64_t multiplyVnni(std::int64_t rounds) noexcept;

}  // namespace bitlathe
