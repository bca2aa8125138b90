#include "core/workflow/calibration_choice.h"

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/sample_split.h"

#include <filesystem>
#include <system_error>

namespace bitlathe {

namespace {

bool sameData(const std::string& a, const std::string& b) {
    if (a == b) return true;
    try {
        const DatasetPath first = splitDatasetSpec(a), second = splitDatasetSpec(b);
        std::error_code none;
        return std::filesystem::equivalent(first.path, second.path, none) && (first.arrayName == second.arrayName || first.arrayName.empty() || second.arrayName.empty());
    } catch (const Error&) {  // not there: said when it is opened
        return false;
    }
}

}  // namespace

CalibrationChoice chooseCalibration(const std::string& calibration, const std::string& measuredOn, std::int64_t samples, std::uint64_t seed) {
    const bool split = !measuredOn.empty() && (calibration.empty() || sameData(calibration, measuredOn));
    return {split ? measuredOn : calibration, samples, seed, split};
}

std::optional<std::vector<std::int64_t>> calibratingSamples(const CalibrationChoice& choice, std::int64_t count) {
    if (!choice.split) {
        if (choice.samples <= 0 || choice.samples >= count) return std::nullopt;
        return pickSamples(count, choice.samples, choice.seed);
    }
    const std::int64_t wanted = choice.samples > 0 ? choice.samples : usualCalibration(count);
    if (wanted >= count)
        refuseInput("'" + choice.data + "' has " + std::to_string(count) + (count == 1 ? " sample" : " samples") + " and " + std::to_string(wanted) +
                    " should calibrate: none would be left to measure on; calibrate on fewer, or give calibration data of its own");
    return pickSamples(count, wanted, choice.seed);
}

std::optional<std::vector<std::int64_t>> measuredSamples(const CalibrationChoice& choice, std::int64_t count, std::int64_t most) {
    const bool fewer = most > 0 && most < count;
    if (!choice.split) return fewer ? std::optional(pickSamples(count, most, choice.seed)) : std::nullopt;
    const std::vector<std::int64_t> others = samplesWithout(count, *calibratingSamples(choice, count));
    const auto all = static_cast<std::int64_t>(others.size());
    if (most <= 0 || most >= all) return others;
    std::vector<std::int64_t> picked = pickSamples(all, most, choice.seed);
    for (std::int64_t& index : picked) index = others[static_cast<std::size_t>(index)];
    return picked;
}

}  // namespace bitlathe
