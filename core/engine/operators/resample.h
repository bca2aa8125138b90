// Where each element of a resized axis comes from: indices and weights, for Resize. Knows one axis at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace bitlathe {

enum class Coordinates { HalfPixel, HalfPixelSymmetric, PytorchHalfPixel, AlignCorners, Asymmetric, TfHalfPixelForNn, TfCropAndResize };
enum class Interpolation { Nearest, Linear, Cubic };
enum class Nearest { RoundPreferFloor, RoundPreferCeil, Floor, Ceil };

// How one axis is resized.
struct AxisResize {
    std::int64_t in = 1, out = 1;
    double scale = 1;       // as asked for: out / in, or a factor whose product was rounded down
    bool exact = false;     // scale is out / in, so coordinates are computed from the integers
    double roiBegin = 0, roiEnd = 1;  // TfCropAndResize only
};

struct Sampling {
    Coordinates coordinates = Coordinates::HalfPixel;
    Interpolation interpolation = Interpolation::Nearest;
    Nearest nearest = Nearest::RoundPreferFloor;
    double cubicA = -0.75;
    bool antialias = false, excludeOutside = false;
};

// Output element i is the sum over k < taps of weights[i · taps + k] · input[indices[i · taps + k]]; where
// outside[i] is set, the extrapolation value.
struct AxisTaps {
    std::int64_t taps = 1;
    std::vector<std::int64_t> indices;  // 0 … in - 1
    std::vector<float> weights;
    std::vector<bool> outside;
    bool anyOutside = false;
};

// in >= 1. The number of taps grows as 1 / scale with antialiasing.
AxisTaps tapsOf(const AxisResize& axis, const Sampling& sampling);

}  // namespace bitlathe
