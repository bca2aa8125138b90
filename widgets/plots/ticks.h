// Where the labels of an axis go. Knows no pixels beyond a length and no drawing.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bitlathe {

struct Tick {
    double value = 0;
    std::string label;  // empty: a minor line without a label
    friend bool operator==(const Tick&, const Tick&) = default;
};

// Width (or height) in pixels that a label takes on the axis.
using LabelLength = std::function<float(const std::string&)>;

// Round values (1, 2 or 5 times a power of ten) from lo to hi, as dense as labels fit on `pixels`
// with `gap` pixels between them. With `whole`, never between integers. Empty when lo >= hi.
std::vector<Tick> linearTicks(double lo, double hi, float pixels, float gap, const LabelLength& length, bool whole = false);

// Powers of ten from lo to hi (both > 0), thinned until labels fit; minor lines at 2..9 while there
// are at most four decades.
std::vector<Tick> logTicks(double lo, double hi, float pixels, float gap, const LabelLength& length);

// The smallest of 1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9 times a power of ten that is >= value; 1 for value <= 0.
double roundUp(double value);

}  // namespace bitlathe
