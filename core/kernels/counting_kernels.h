// Counting of few different bytes, for counting.h and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

constexpr int fewCodes = 16;

// counts[v] += occurrences of v among n <= 8128 bytes below 16.
using CountFewFn = void (*)(const std::uint8_t* index, int n, std::uint32_t* counts) noexcept;

void countFewAvx2(const std::uint8_t* index, int n, std::uint32_t* counts) noexcept;
void countFewAvx512(const std::uint8_t* index, int n, std::uint32_t* counts) noexcept;

}  // namespace bitlathe
