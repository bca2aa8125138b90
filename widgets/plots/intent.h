// What a hand on a plot asks for. A plot never edits: its owner turns an intent into one edit of the
// recipe or of the selection. Plain values; knows no drawing.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "core/metrics/value_patch.h"

namespace bitlathe {

// The representable range as dragged, lo <= 0 <= hi, in weight units. While the button is down
// `final` is false: show a preview; the last one of a drag has it true: one undo step.
struct SetClip {
    double lo = 0, hi = 0;
    bool final = false;
    friend bool operator==(const SetClip&, const SetClip&) = default;
};

struct SelectChannel {
    std::int64_t channel = 0;
    friend bool operator==(const SelectChannel&, const SelectChannel&) = default;
};

// A bin of the weight histogram, or several: its weights light up.
struct SelectBin {
    WeightInterval interval;
    friend bool operator==(const SelectBin&, const SelectBin&) = default;
};

// A single weight, and with it its channel.
struct SelectWeight {
    std::int64_t channel = 0, element = 0;
    friend bool operator==(const SelectWeight&, const SelectWeight&) = default;
};

// Bin, channel and weight as they were before; empty: all are let go.
struct SetSelection {
    WeightSelection selection;
    friend bool operator==(const SetSelection&, const SetSelection&) = default;
};

// Not a hand but the value map: these cells are wanted for what is visible now.
struct ShowPatch {
    PatchRequest request;
    friend bool operator==(const ShowPatch&, const ShowPatch&) = default;
};

// A point of the size-against-error curve.
struct SelectBits {
    int bits = 8;
    friend bool operator==(const SelectBits&, const SelectBits&) = default;
};

// Another format beside that curve.
struct SelectFormat {
    std::string_view codec;  // of a row, whose names last
    int bits = 8;
    friend bool operator==(const SelectFormat&, const SelectFormat&) = default;
};

using PlotIntent = std::variant<SetClip, SelectChannel, SelectBits, SelectFormat, SelectBin, SelectWeight, SetSelection, ShowPatch>;

}  // namespace bitlathe
