// Activation ranges as a record of the project, and a calibration that was interrupted. Knows no engine.
#pragma once

#include "core/hdf5/hdf5_node.h"
#include "core/quant/activation_range.h"
#include "core/quant/observer.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bitlathe {

// What ranges were learned from: those of anything else are never taken for them.
struct CalibrationSubject {
    static constexpr std::int64_t kFigures = 1;  // raised whenever the same subject gives other ranges than before
    std::string model;          // SHA-256 of its file
    std::string data;           // SHA-256 of the data
    std::string preprocessing;  // JSON, as it is applied
    std::string asked;          // which values, and how: equal texts for equal wishes alone
    std::int64_t mostSamples = 0;
    std::string dataName;       // for people; no part of what it is
    std::string picked;         // which samples of the data, where not all; texts that differ mean other samples
};
// 32 hexadecimal digits.
std::string idOf(const CalibrationSubject& subject);

// "calibrations/ID": one row per value, histograms side by side.
Hdf5Node toNode(const ActivationRanges& ranges, const CalibrationSubject& subject);
std::optional<ActivationRanges> rangesFrom(const Hdf5Node& node, const CalibrationSubject& subject);

// One observer of an unfinished calibration. False: the record lacks something; the observer is then of no use.
Hdf5Node toNode(const std::string& value, const Observer& observer);
bool readInto(const Hdf5Node& node, std::string& value, Observer& observer);

}  // namespace bitlathe
