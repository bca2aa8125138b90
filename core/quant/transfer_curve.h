// What one group does to a number: its levels, and the staircase from x to x̂, found by asking the codec
// itself, so that formats with thresholds of their own show theirs. Knows no reports and no plots.
#pragma once

#include "core/quant/quantized_tensor.h"
#include "core/quant/value_range.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

struct TransferCurve {
    static constexpr std::size_t kMostPoints = 2048;   // of the staircase
    static constexpr std::int64_t kMostCounted = 1 << 16;  // weights of a group that are still counted

    // Whose levels these are: elements [element, element + length) of a channel. Channel −1: the group is
    // the whole tensor. Element −1: a group of the channel that was sampled for a preview.
    std::int64_t group = 0, channel = -1, element = 0, length = 0;
    bool wholeChannel = false;  // the group is its channel
    int part = -1;            // of a block format: which part of the block; element and length are the part's
    float scale = 1;          // as the codec keeps it: of the group, for blocks the widest step
    std::int32_t zeroPoint = 0;

    std::vector<float> levels;         // values that the group gives back, ascending
    std::vector<std::int32_t> codes;   // of each level, as stored
    std::vector<std::uint32_t> counts; // weights of the group on each level; empty for groups above kMostCounted

    // Corners of the staircase: out[i] is x̂ of in[i], ascending; a step's two ends have equal out, and the
    // rise between steps lies between neighbouring floats. Sampled: too many steps, so points lie evenly.
    std::vector<float> in, out;
    bool sampled = false;

    bool operator==(const TransferCurve&) const = default;
};

// The curve of q's group (spec, layout and parameters are set; codes are not needed) over shown.lo … shown.hi
// and what the group represents, and some more at both ends. values: the weight's own order, layout's size.
// Of a block with parts it takes the given one; −1: that of median reach. All of it is exact but for sampled curves.
TransferCurve transferCurve(std::span<const float> values, const QuantizedTensor& q, std::int64_t group, ValueRange shown, int part = -1);

// "channel 12, elements 128–255", "channel 12", "the whole tensor".
std::string whoseText(const TransferCurve& curve);

// x̂ of x under the group's parameters, as elements of its part (0 where it has none). As many as x has. Formats that
// choose codes of neighbours together (Codec::coupled): of each value alone, as if its neighbours had no say.
void roundTrip(const QuantizedTensor& q, std::int64_t group, int part, std::span<const float> x, std::span<float> out, std::span<std::int32_t> codes = {});
// The same of the part's own values, in their order, as they are coded together.
void roundTripTogether(const QuantizedTensor& q, std::int64_t group, int part, std::span<const float> x, std::span<float> out, std::span<std::int32_t> codes = {});

// The values of a group, in the group's order.
std::vector<float> groupValues(std::span<const float> values, const QuantizedTensor& q, std::int64_t group);

}  // namespace bitlathe
