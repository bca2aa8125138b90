// A table of at most 256 levels and the codes that stand for them: nearest level by binary search. Knows
// no scales and no formats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

struct LevelTable {
    int count = 0;       // distinct levels
    float largest = 0;   // magnitude
    std::array<float, 256> levels{};         // ascending
    std::array<float, 256> thresholds{};     // [i]: values above it are nearer to level i + 1; infinite from count − 1 on
    std::array<std::uint8_t, 256> codes{};   // of each level
    std::array<float, 256> values{};         // by code
};

// The table in which code i stands for values[i]: 1 … 256 finite values. Of equal ones (0 and −0) the
// first gives the code.
LevelTable levelTable(std::span<const float> values) noexcept;

// The code of the level nearest to x / scale; on the middle the lower one (bitsandbytes' rule); NaN as 0.
void encodeLevels(const LevelTable& table, float scale, std::span<const float> x, std::span<std::byte> codes) noexcept;
// scale · value of each code.
void decodeLevels(const LevelTable& table, float scale, std::span<const std::byte> codes, std::span<float> out) noexcept;

}  // namespace bitlathe
