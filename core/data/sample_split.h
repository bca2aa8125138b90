// Which samples of a dataset calibrate and which are measured: never the same ones, chosen by a seed, the same on every
// machine. Knows no datasets, only how many samples there are.
#pragma once

#include <cstdint>
#include <vector>

namespace bitlathe {

// `wanted` of `count` samples in ascending order, every subset equally likely, the same for equal arguments for ever
// (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S). All of them where wanted >= count.
std::vector<std::int64_t> pickSamples(std::int64_t count, std::int64_t wanted, std::uint64_t seed);

// Those of 0 … count − 1 that are not in `chosen` (ascending).
std::vector<std::int64_t> samplesWithout(std::int64_t count, const std::vector<std::int64_t>& chosen);

// How many of `count` samples calibrate where nobody said: a fifth, at most kMostCalibration, at least one.
inline constexpr std::int64_t kMostCalibration = 500;
std::int64_t usualCalibration(std::int64_t count) noexcept;

}  // namespace bitlathe
