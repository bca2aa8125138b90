// Pseudo-random numbers that are the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitlathe {

// splitmix64: the whole state is one counter.
struct Random {
    std::uint64_t state;
    std::uint64_t next() noexcept {
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    std::size_t below(std::size_t count) noexcept { return count == 0 ? 0 : static_cast<std::size_t>(next() % count); }
};

}  // namespace bitlathe
