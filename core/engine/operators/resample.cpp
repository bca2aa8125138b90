#include "core/engine/operators/resample.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// The place in the input that output index i looks at.
double sourceOf(const AxisResize& axis, Coordinates coordinates, std::int64_t i) {
    const double x = double(i), in = double(axis.in), resized = axis.scale * in;
    const auto unscaled = [&](double at) { return axis.exact ? at * in / double(axis.out) : at / axis.scale; };
    switch (coordinates) {
    case Coordinates::HalfPixel: return unscaled(x + 0.5) - 0.5;
    case Coordinates::HalfPixelSymmetric: return in / 2 * (1 - double(axis.out) / resized) + unscaled(x + 0.5) - 0.5;
    case Coordinates::PytorchHalfPixel: return axis.out > 1 ? unscaled(x + 0.5) - 0.5 : 0.0;
    case Coordinates::AlignCorners: return resized == 1 || axis.out == 1 ? 0.0 : x * (in - 1) / (resized - 1);
    case Coordinates::Asymmetric: return unscaled(x);
    case Coordinates::TfHalfPixelForNn: return unscaled(x + 0.5);  // opset 11 alone had it
    case Coordinates::TfCropAndResize:
        if (axis.out <= 1 || resized == 1) return 0.5 * (axis.roiBegin + axis.roiEnd) * (in - 1);
        return axis.roiBegin * (in - 1) + x * (axis.roiEnd - axis.roiBegin) * (in - 1) / (resized - 1);
    }
    return x;
}

double nearestOf(double at, Nearest nearest) {
    switch (nearest) {
    case Nearest::RoundPreferFloor: return std::ceil(at - 0.5);
    case Nearest::RoundPreferCeil: return std::floor(at + 0.5);
    case Nearest::Floor: return std::floor(at);
    case Nearest::Ceil: return std::ceil(at);
    }
    return at;
}

// The interpolation's weight at a distance, for pixels one apart.
double kernel(const Sampling& sampling, double distance) {
    const double x = std::abs(distance), a = sampling.cubicA;
    if (sampling.interpolation == Interpolation::Linear) return std::max(0.0, 1 - x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0.0;
}

}  // namespace

AxisTaps tapsOf(const AxisResize& axis, const Sampling& sampling) {
    AxisTaps taps;
    const bool nearest = sampling.interpolation == Interpolation::Nearest;
    const std::int64_t reach = sampling.interpolation == Interpolation::Cubic ? 2 : 1;
    // With antialiasing the kernel is stretched over 1 / scale pixels.
    const double stretch = sampling.antialias && !nearest ? std::min(axis.scale, 1.0) : 1.0;
    const auto first = nearest ? 0 : static_cast<std::int64_t>(std::floor(-double(reach) / stretch)) + 1;
    taps.taps = nearest ? 1 : 2 - 2 * first;
    const auto last = static_cast<double>(axis.in - 1);
    for (std::int64_t i = 0; i < axis.out; ++i) {
        // Far outside is as good as outside; keeps the conversion to integers defined.
        const double source = std::clamp(sourceOf(axis, sampling.coordinates, i), -4.0 - last, 2 * last + 4.0);
        taps.outside.push_back(sampling.coordinates == Coordinates::TfCropAndResize && (source < 0 || source > last));
        taps.anyOutside = taps.anyOutside || taps.outside.back();
        if (nearest) {
            taps.indices.push_back(static_cast<std::int64_t>(std::clamp(nearestOf(source, sampling.nearest), 0.0, last)));
            taps.weights.push_back(1.0f);
            continue;
        }
        const double floor = std::floor(source);
        std::vector<double> weights;
        double sum = 0;
        for (std::int64_t k = first; k < first + taps.taps; ++k) {
            const double at = floor + double(k);
            const bool counts = !sampling.excludeOutside || (at >= 0 && at <= last);
            weights.push_back(counts ? kernel(sampling, (source - at) * stretch) : 0.0);
            sum += weights.back();
            taps.indices.push_back(static_cast<std::int64_t>(std::clamp(at, 0.0, last)));
        }
        const bool normalize = sampling.excludeOutside || stretch < 1;
        for (const double weight : weights) taps.weights.push_back(static_cast<float>(normalize && sum != 0 ? weight / sum : weight));
    }
    return taps;
}

}  // namespace bitlathe
