// What calibration learned about the values that flow through a model, and the scale and zero point
// that follow from it. Knows no engine and no samples.
#pragma once

#include "core/quant/affine.h"
#include "core/quant/histogram.h"
#include "core/quant/scheme.h"
#include "core/quant/value_range.h"

#include <cstdint>
#include <map>
#include <string>

namespace bitlathe {

// One value (a tensor of the graph) over all calibration samples.
struct ActivationRange {
    ValueRange range;  // by the range rule; what the scale is made of
    float min = 0, max = 0;  // of the finite elements seen; 0, 0 when there were none
    std::int64_t count = 0;  // elements seen
    std::int64_t notFinite = 0;
    std::int64_t batches = 0;
    Histogram histogram;  // may be empty: not every rule needs one
    std::string taken;    // which rule the range is of, where the rule chose: "percentile 99.9"
    bool operator==(const ActivationRange&) const = default;
};

// By the name of the value in the graph.
using ActivationRanges = std::map<std::string, ActivationRange, std::less<>>;

// "percentile 99.9 on 8 of 12 activations; min–max on 4", of those whose rule chose; empty when none did.
std::string takenText(const ActivationRanges& ranges);

// How one activation tensor is stored: U8 with a zero point, or I8 with zero point 0 and codes −127 … 127.
struct QuantParams {
    float scale = 1.0f;
    std::int32_t zeroPoint = 0;
    CodeRange codes{0, 255};
    ElementType type = ElementType::U8;
    bool operator==(const QuantParams&) const = default;
};

QuantParams quantParams(const ActivationSpec& spec, ValueRange range) noexcept;

}  // namespace bitlathe
