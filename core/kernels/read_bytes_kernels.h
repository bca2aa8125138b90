// For read_bytes.h and the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

constexpr std::int64_t readStep = 512;  // count is a multiple of it

std::uint64_t readBytesAvx2(const void* data, std::int64_t count) noexcept;
std::uint64_t readBytesAvx512(const void* data, std::int64_t count) noexcept;

}  // namespace bitlathe
