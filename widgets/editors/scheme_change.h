// An edit of a scheme that leaves alone what it does not mention, so that one hand movement can change
// many layers whose other fields differ. Plain values; no Qt.
#pragma once

#include "core/quant/scheme.h"

#include <optional>
#include <string>
#include <vector>

namespace bitlathe {

// What the editor offers as one choice: float, three kinds of integers, or a row of codecs().
struct NumberFormat {
    std::string codec;  // empty: float
    bool symmetric = true, narrow = true;  // integers only
    bool operator==(const NumberFormat&) const = default;

    static NumberFormat real() { return {}; }
    static NumberFormat integers(bool symmetric = true, bool narrow = true) { return {"int", symmetric, narrow}; }
};
enum class ActivationChoice { Float, Asymmetric8, Symmetric8 };

NumberFormat numberFormatOf(const Scheme& scheme);
ActivationChoice activationChoiceOf(const Scheme& scheme);

struct SchemeChange {
    std::optional<NumberFormat> format;
    // Within the format's widths; a float layer, or one whose format has no such width, becomes integers.
    std::optional<int> bits;
    std::optional<Granularity> granularity;
    std::optional<RangeRule> range;
    std::optional<double> knee;
    std::optional<ScaleType> scale;
    std::optional<std::vector<float>> table;  // makes the format that of own tables, as wide as the levels need
    std::optional<ActivationChoice> activations;
    std::optional<RangeRule> activationRange;
    bool operator==(const SchemeChange&) const = default;
};

Scheme applied(Scheme scheme, const SchemeChange& change);

// What several layers have in common; a field is empty where they differ.
struct CommonScheme {
    std::optional<NumberFormat> format;
    std::optional<int> bits;
    std::optional<Granularity> granularity;  // the whole value
    std::optional<std::size_t> granularityKind;  // index in the variant
    std::optional<RangeRule> range;
    std::optional<std::size_t> rangeKind;
    std::optional<double> knee;
    std::optional<ScaleType> scale;
    std::optional<std::vector<float>> table;
    std::optional<ActivationChoice> activations;
    std::optional<std::size_t> activationRangeKind;
    std::optional<RangeRule> activationRange;
};
CommonScheme commonOf(const std::vector<Scheme>& schemes);

// Powers of two that make sense as group sizes, smallest first.
const std::vector<int>& groupSizes();
// One step of the keys [ and ]: tensor, channel, groups of 256, 128, 64, 32, 16; nothing at the ends.
std::optional<Granularity> steppedGroup(const Granularity& granularity, int direction);

}  // namespace bitlathe
