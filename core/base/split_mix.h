// SplitMix64 (Steele, Lea and Flood 2014): a fixed stream of numbers for a seed, the same on every machine, unlike the
// distributions of the standard library.
#pragma once

#include <cstdint>

namespace bitlathe {

struct SplitMix64 {
    std::uint64_t state = 0;

    std::uint64_t next() noexcept {
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    // From 0, below 1: the upper 53 bits.
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    // 0 … bound − 1, without the bias of a remainder.
    std::uint64_t below(std::uint64_t bound) noexcept {
        const std::uint64_t whole = UINT64_MAX - UINT64_MAX % bound;
        std::uint64_t drawn = next();
        while (drawn >= whole) drawn = next();
        return drawn % bound;
    }
};

}  // namespace bitlathe
