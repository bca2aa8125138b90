#include "core/engine/operators/grid_sample.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace bitlathe {

namespace {

enum class Mode { Nearest, Linear, Cubic };
enum class Padding { Zeros, Border, Reflection };

// Mirrors x at low and high until it lies between them.
double reflected(double x, double low, double high) {
    const double range = high - low;
    if (range <= 0) return low;
    const double period = 2 * range;
    double at = std::fmod(x - low, period);
    if (at < 0) at += period;
    return low + (at > range ? period - at : at);
}

// The elements of one axis that a place looks at: index -1 reads as 0.
struct AxisTaps {
    int count = 0;
    std::array<std::int64_t, 4> index{};
    std::array<float, 4> weight{};
};

struct Sampler {
    Mode mode;
    Padding padding;
    bool alignCorners;

    AxisTaps taps(float place, std::int64_t extent) const {
        const double size = double(extent), low = alignCorners ? 0 : -0.5, high = alignCorners ? size - 1 : size - 0.5;
        double x = alignCorners ? (double(place) + 1) / 2 * (size - 1) : ((double(place) + 1) * size - 1) / 2;
        if (!(std::abs(x) < 1e15)) x = x > 0 ? 1e15 : -1e15;  // also NaN: far outside
        if (mode == Mode::Nearest) x = std::nearbyint(x);
        if (mode != Mode::Cubic && padding == Padding::Border) x = std::clamp(x, 0.0, size - 1);
        if (mode != Mode::Cubic && padding == Padding::Reflection) x = reflected(x, low, high);
        AxisTaps taps;
        const auto add = [&](double at, double weight) {
            if (padding == Padding::Reflection) at = std::nearbyint(reflected(at, low, high));
            const bool inside = at >= 0 && at <= size - 1;
            const auto i = static_cast<std::size_t>(taps.count++);
            taps.index[i] = inside || padding != Padding::Zeros ? static_cast<std::int64_t>(std::clamp(at, 0.0, size - 1)) : -1;
            taps.weight[i] = static_cast<float>(weight);
        };
        const double floor = std::floor(x), t = x - floor;
        if (mode == Mode::Nearest) {
            add(std::nearbyint(x), 1);
        } else if (mode == Mode::Linear) {
            add(floor, 1 - t);
            add(floor + 1, t);
        } else {
            constexpr double a = -0.75;
            const auto near = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
            const auto far = [](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
            add(floor - 1, far(1 + t));
            add(floor, near(t));
            add(floor + 1, near(1 - t));
            add(floor + 2, far(2 - t));
        }
        return taps;
    }
};

float sample(const float* plane, const std::array<std::int64_t, 3>& extents, const std::array<AxisTaps, 3>& taps) {
    float sum = 0;
    for (int i = 0; i < taps[0].count; ++i) {
        const std::int64_t z = taps[0].index[static_cast<std::size_t>(i)];
        for (int j = 0; z >= 0 && j < taps[1].count; ++j) {
            const std::int64_t y = taps[1].index[static_cast<std::size_t>(j)];
            for (int k = 0; y >= 0 && k < taps[2].count; ++k) {
                const std::int64_t x = taps[2].index[static_cast<std::size_t>(k)];
                if (x < 0) continue;
                const float weight = taps[0].weight[static_cast<std::size_t>(i)] * taps[1].weight[static_cast<std::size_t>(j)] * taps[2].weight[static_cast<std::size_t>(k)];
                sum += weight * plane[(z * extents[1] + y) * extents[2] + x];
            }
        }
    }
    return sum;
}

}  // namespace

void runGridSample(OperatorContext& context) {
    const Tensor &x = inputOf(context, 0, ElementType::F32), &grid = inputOf(context, 1, ElementType::F32);
    needRank(context, x, 3, 5);
    const int spatial = x.shape().rank() - 2;
    if (grid.shape().rank() != spatial + 2 || grid.shape()[0] != x.shape()[0] || grid.shape()[spatial + 1] != spatial)
        context.fail("the grid " + toText(grid.shape()) + " does not fit the input " + toText(x.shape()));
    const std::string mode = context.node().text("mode", "linear"), padding = context.node().text("padding_mode", "zeros");
    Sampler sampler{Mode::Linear, Padding::Zeros, context.node().integer("align_corners", 0) != 0};
    if (mode == "nearest") sampler.mode = Mode::Nearest;
    else if (mode == "cubic" || mode == "bicubic") sampler.mode = Mode::Cubic;
    else if (mode != "linear" && mode != "bilinear") context.fail("mode is '" + mode + "', which does not exist");
    if (padding == "border") sampler.padding = Padding::Border;
    else if (padding == "reflection") sampler.padding = Padding::Reflection;
    else if (padding != "zeros") context.fail("padding_mode is '" + padding + "', which does not exist");

    std::vector<std::int64_t> dims{x.shape()[0], x.shape()[1]};
    dims.insert(dims.end(), grid.shape().begin() + 1, grid.shape().end() - 1);
    const Shape shape = checkedShape(context, std::move(dims));
    float* to = context.output<float>(0, shape).data();
    std::array<std::int64_t, 3> extents{1, 1, 1};
    for (int i = 0; i < spatial; ++i) extents[static_cast<std::size_t>(3 - spatial + i)] = x.shape()[i + 2];
    const std::int64_t plane = extents[0] * extents[1] * extents[2], channels = x.shape()[1];
    const std::int64_t points = shape.count(2, shape.rank());
    if (shape.count() > 0 && plane == 0) context.fail("an empty input cannot be sampled");
    const float *from = x.as<float>().data(), *places = grid.as<float>().data();
    context.forRange(shape[0] * points, rowsPerChunk(channels * 16, kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
            const std::int64_t n = at / points, point = at % points;
            AxisTaps one;
            one.count = 1;
            one.weight[0] = 1;
            std::array<AxisTaps, 3> taps{one, one, one};
            for (int i = 0; i < spatial; ++i)  // the grid names the innermost axis first
                taps[static_cast<std::size_t>(2 - i)] = sampler.taps(places[at * spatial + i], extents[static_cast<std::size_t>(2 - i)]);
            for (std::int64_t c = 0; c < channels; ++c)
                to[(n * channels + c) * points + point] = sample(from + (n * channels + c) * plane, extents, taps);
        }
    });
}

}  // namespace bitlathe
