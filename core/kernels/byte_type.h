// The two kinds of 8-bit codes.
#pragma once

#include <cstdint>

namespace bitlathe {

enum class ByteType : std::uint8_t { U8, S8 };

constexpr int lowestCode(ByteType type) noexcept { return type == ByteType::U8 ? 0 : -128; }
constexpr int highestCode(ByteType type) noexcept { return type == ByteType::U8 ? 255 : 127; }

}  // namespace bitlathe
