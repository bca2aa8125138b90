// A number format explained on a tensor's own numbers: five lines with the formula, one weight worked through,
// its group, its bytes, and what would break it, each figure measured or computed by the codec. Knows no models.
#pragma once

#include "core/model/layer.h"
#include "core/quant/scheme.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bitlathe {

class JobContext;
class Workers;

struct WorkedExample {
    struct Line {
        std::string title, text;
        bool operator==(const Line&) const = default;
    };
    // Formula, weight, group, bytes, what would break it.
    std::array<Line, 5> lines;

    // The weight of the second line, and what became of it.
    std::int64_t index = 0, channel = 0, element = 0;  // in the weight's own order; element of its channel
    std::int64_t group = 0;                            // in the order of GroupGrid
    float weight = 0, back = 0;
    std::int32_t code = 0;
    bool operator==(const WorkedExample&) const = default;
};

// values: F32 in the weight's own order, at least one; layout and spec as for quantizeWeights(). index: the weight
// to work through; without one it is a weight of `group` (without that one in the middle) whose error is the
// median of those that are not 0. The figures are those of quantizing the whole. Fits the whole weight only
// where groups share something, else one channel of it. Throws Cancelled.
WorkedExample workedExample(std::span<const float> values, const ChannelLayout& layout, const QuantSpec& spec, std::optional<std::int64_t> index,
                            std::optional<std::int64_t> group, Workers& workers, JobContext& job);

}  // namespace bitlathe
