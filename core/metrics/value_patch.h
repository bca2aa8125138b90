// A rectangle of a weight as a picture's cells: what a map of single weights and codes shows. Plain values;
// knows no drawing and no quantizing. Channels are rows, their elements columns, as in core/model/layer.h.
#pragma once

#include "core/quant/histogram.h"
#include "core/quant/scheme.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bitlathe {

enum class PatchWhat : std::uint8_t {
    Float,       // x
    Quantized,   // x̂
    Difference,  // x − x̂
    Code,        // the code as a number
    BitPlane,    // one bit of the code: 0 or 1
};

// Weights with lo <= x < hi, or <= hi where the interval is closed (a histogram's last bin).
struct WeightInterval {
    double lo = 0, hi = 0;
    bool closed = false;
    bool operator==(const WeightInterval&) const = default;
    bool holds(double x) const noexcept { return x >= lo && (x < hi || (closed && x == hi)); }
};

// Which weights, and how many of them make one cell.
struct PatchRequest {
    std::size_t layer = 0;  // index in Model::layers
    PatchWhat what = PatchWhat::Float;
    int bit = 0;                            // of BitPlane; 0 is the lowest
    std::int64_t channel = 0, channels = 0;  // [channel, channel + channels)
    std::int64_t element = 0, elements = 0;
    std::int64_t channelsPerRow = 1, elementsPerColumn = 1;  // >= 1
    std::optional<WeightInterval> lit;  // of the float weights
    bool operator==(const PatchRequest&) const = default;

    bool singleWeights() const noexcept { return channelsPerRow == 1 && elementsPerColumn == 1; }
};

// rows × columns cells from the rectangle's first corner on; those of the last row and column may cover
// less. Each cell has three figures of its finite values; where there is none, all three are NaN.
struct ValuePatch {
    PatchRequest request;
    std::optional<QuantSpec> spec;  // what the weights were quantized by; none for PatchWhat::Float
    int rows = 0, columns = 0;
    double doneFraction = 0;  // share of the rectangle's weights that the cells rest on; below 1: a preview
    std::vector<float> mean;
    std::vector<float> rms;
    std::vector<float> extreme;  // the value of the largest magnitude, with its sign
    std::vector<float> lit;      // share of the cell's weights in request.lit, 0..1; empty without one
    bool operator==(const ValuePatch&) const = default;

    bool exact() const noexcept { return doneFraction >= 1.0; }
};

// What a hand has picked out of one layer, in any combination.
struct WeightAddress {
    std::int64_t channel = 0, element = 0;
    bool operator==(const WeightAddress&) const = default;
};
struct WeightSelection {
    std::optional<WeightInterval> interval;  // a bin of the histogram: these weights light up
    std::optional<std::int64_t> channel;
    std::optional<WeightAddress> weight;
    bool operator==(const WeightSelection&) const = default;
};

// One weight and what becomes of it.
struct WeightPoint {
    std::size_t layer = 0;
    std::int64_t channel = 0, element = 0;
    float value = 0;
    // Of a quantized layer; spec is empty otherwise.
    std::optional<QuantSpec> spec;
    std::int32_t code = 0;
    float decoded = 0;
    float scale = 0;  // of its group
    std::int32_t zeroPoint = 0;
    std::int64_t group = 0;                          // index in the group grid
    std::int64_t groupElement = 0, groupLength = 0;  // the group's first element in its channel; 0 and all for one scale per tensor
    bool operator==(const WeightPoint&) const = default;

    double error() const noexcept { return double(value) - double(decoded); }
};

// One output channel by itself, on the axis of the layer's histogram.
struct ChannelView {
    std::size_t layer = 0;
    std::int64_t channel = 0;
    std::int64_t count = 0;
    double min = 0, max = 0, mean = 0, deviation = 0;  // of the finite weights
    Histogram weights;
    bool operator==(const ChannelView&) const = default;
};

}  // namespace bitlathe
