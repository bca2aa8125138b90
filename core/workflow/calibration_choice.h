// Which samples a network is calibrated on, and which it is measured on: one rule for the window, the command line and
// the project, so that all three learn the same ranges. Reads no samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

struct CalibrationChoice {
    static constexpr std::uint64_t kSeed = 1;
    std::string data;          // as datasets are named; empty: none
    std::int64_t samples = 0;  // that calibrate; 0: all, or the usual part (usualCalibration) where the data is split
    std::uint64_t seed = kSeed;
    bool split = false;        // the same data is measured on: what calibrates is held out of the measuring
    bool operator==(const CalibrationChoice&) const = default;
};

// From what a person said: without calibration data, or with the data that is measured on under whatever name, that
// data is split. Empty texts: nothing said.
CalibrationChoice chooseCalibration(const std::string& calibration, const std::string& measuredOn, std::int64_t samples, std::uint64_t seed);

// Of `count` samples of choice.data, those that calibrate; nothing: all. Throws Error(Input) where a split would leave
// nothing to measure on.
std::optional<std::vector<std::int64_t>> calibratingSamples(const CalibrationChoice& choice, std::int64_t count);
// Of `count` samples of the data that is measured on, those that are: never one that calibrates; at most `most`, by
// the seed (0: all); nothing: all.
std::optional<std::vector<std::int64_t>> measuredSamples(const CalibrationChoice& choice, std::int64_t count, std::int64_t most);

}  // namespace bitlathe
