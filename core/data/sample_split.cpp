#include "core/data/sample_split.h"

#include "core/base/split_mix.h"

#include <algorithm>

namespace bitlathe {

std::vector<std::int64_t> pickSamples(std::int64_t count, std::int64_t wanted, std::uint64_t seed) {
    std::vector<std::int64_t> picked;
    wanted = std::clamp<std::int64_t>(wanted, 0, count);
    picked.reserve(static_cast<std::size_t>(wanted));
    SplitMix64 stream{seed};
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
