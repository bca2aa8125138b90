#include "core/data/sample_split.h"

#include <algorithm>

namespace bitlathe {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a fixed stream for a seed, unlike the distributions of the standard library.
struct Stream {
    std::uint64_t state;
    std::uint64_t next() noexcept {
        std::uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    // 0 … bound − 1, without the bias of a remainder.
    std::uint64_t below(std::uint64_t bound) noexcept {
        const std::uint64_t whole = UINT64_MAX - UINT64_MAX % bound;
        std::uint64_t drawn = next();
        while (drawn >= whole) drawn = next();
        return drawn % bound;
    }
};

}  // namespace

std::vector<std::int64_t> pickSamples(std::int64_t count, std::int64_t wanted, std::uint64_t seed) {
    std::vector<std::int64_t> picked;
    wanted = std::clamp<std::int64_t>(wanted, 0, count);
    picked.reserve(static_cast<std::size_t>(wanted));
    Stream stream{seed};
    for (std::int64_t i = 0; wanted > 0; ++i) {
        if (stream.below(static_cast<std::uint64_t>(count - i)) >= static_cast<std::uint64_t>(wanted)) continue;
        picked.push_back(i);
        --wanted;
    }
    return picked;
}

std::vector<std::int64_t> samplesWithout(std::int64_t count, const std::vector<std::int64_t>& chosen) {
    std::vector<std::int64_t> others;
    others.reserve(static_cast<std::size_t>(std::max<std::int64_t>(count - static_cast<std::int64_t>(chosen.size()), 0)));
    auto next = chosen.begin();
    for (std::int64_t i = 0; i < count; ++i) {
        if (next != chosen.end() && *next == i) ++next;
        else others.push_back(i);
    }
    return others;
}

std::int64_t usualCalibration(std::int64_t count) noexcept { return std::clamp<std::int64_t>(count / 5, 1, kMostCalibration); }

}  // namespace bitlathe
