// Sums in a fixed order that the compiler turns into vector code. Knows no tensors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bitlathe {

// The sum of f(i) over 0 … count - 1: eight double parts, index i going to part i mod 8.
template <class F>
double sumOf(std::int64_t count, F&& f) {
    std::array<double, 8> parts{};
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) parts[lane] += f(i + static_cast<std::int64_t>(lane));
    for (std::size_t lane = 0; i < count; ++i, ++lane) parts[lane] += f(i);
    return ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

}  // namespace bitlathe
