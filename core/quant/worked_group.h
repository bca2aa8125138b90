// The group of a weight that an example is made of: fitted, with the values and the figures that the text needs.
// Knows no text.
#pragma once

#include "core/quant/transfer_curve.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bitlathe {

struct WorkedGroup {
    QuantizedTensor q;           // fitted: the whole weight, or its one channel
    std::int64_t local = 0;      // the group within q
    TransferCurve curve;         // its place is that in the whole
    std::vector<float> x, back;  // of the piece that the curve is of; evenly spread ones where it is very long
    std::vector<std::int32_t> codes;
    std::vector<float> whole;    // all values of the group, of all its parts; spread likewise
    bool sampled = false;        // x is a part

    // Of all finite values of the piece.
    std::int64_t count = 0;
    float lo = 0, hi = 0;
    double deviation = 0;      // from the mean
    double farthest = 0;       // of the value farthest from the mean, in deviations
    // Of the finite x.
    double clipped = 0;        // share beyond the outermost levels by more than half of the last step
    double clippedError = 0;   // their share of the squared error
    double toZero = 0;         // share of values other than 0 that read back as 0
    double sqnrDb = 0;         // +infinity when all are exact
    std::int64_t used = 0;     // levels that x takes
    std::int64_t usedInside = 0;  // levels that the middle 99 % reach over
};

// index: the weight whose group it is; else `group`; else one in the middle.
WorkedGroup workedGroup(std::span<const float> values, const ChannelLayout& layout, const QuantSpec& spec, std::optional<std::int64_t> index,
                        std::optional<std::int64_t> group, Workers& workers, JobContext& job);

// The group quantized by itself, as it is and with its largest value ten times as large: SQNR in dB of all the
// others. Nothing for fewer than 4 values, for zeros and for exact ones.
struct OutlierTrial {
    double before = 0, after = 0;
};
std::optional<OutlierTrial> outlierTrial(const WorkedGroup& group, Workers& workers, JobContext& job);

}  // namespace bitlathe
