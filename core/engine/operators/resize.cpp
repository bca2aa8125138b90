#include "core/engine/operators/resize.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

template <class E>
struct Named {
    std::string_view name;
    E value;
};

template <class E, std::size_t n>
E named(OperatorContext& context, std::string_view key, std::string_view absent, const Named<E> (&names)[n]) {
    const std::string text = context.node().text(key, absent);
    for (const auto& row : names)
        if (row.name == text) return row.value;
    context.fail(std::string(key) + " is '" + text + "', which does not exist");
}

// Opset 10 had only the input and the scales, and placed its samples at whole pixels.
bool isOpset10(const OperatorContext& context) { return context.inputCount() == 2; }

Sampling samplingOf(OperatorContext& context) {
    constexpr Named<Coordinates> kCoordinates[] = {
        {"half_pixel", Coordinates::HalfPixel}, {"half_pixel_symmetric", Coordinates::HalfPixelSymmetric},
        {"pytorch_half_pixel", Coordinates::PytorchHalfPixel}, {"align_corners", Coordinates::AlignCorners},
        {"asymmetric", Coordinates::Asymmetric}, {"tf_crop_and_resize", Coordinates::TfCropAndResize},
        {"tf_half_pixel_for_nn", Coordinates::TfHalfPixelForNn}};
    constexpr Named<Interpolation> kModes[] = {
        {"nearest", Interpolation::Nearest}, {"linear", Interpolation::Linear}, {"cubic", Interpolation::Cubic}};
    constexpr Named<Nearest> kNearest[] = {
        {"round_prefer_floor", Nearest::RoundPreferFloor}, {"round_prefer_ceil", Nearest::RoundPreferCeil},
        {"floor", Nearest::Floor}, {"ceil", Nearest::Ceil}};
    Sampling sampling;
    sampling.coordinates = named(context, "coordinate_transformation_mode", isOpset10(context) ? "asymmetric" : "half_pixel", kCoordinates);
    sampling.interpolation = named(context, "mode", "nearest", kModes);
    sampling.nearest = named(context, "nearest_mode", isOpset10(context) ? "floor" : "round_prefer_floor", kNearest);
    sampling.cubicA = context.node().real("cubic_coeff_a", -0.75f);
    sampling.antialias = context.node().integer("antialias", 0) != 0;
    sampling.excludeOutside = context.node().integer("exclude_outside", 0) != 0;
    return sampling;
}

// The numbers of a float input; empty when the input is absent or empty.
std::vector<float> realsIn(OperatorContext& context, std::size_t i) {
    const Tensor* tensor = context.optional(i);
    if (!tensor || tensor->count() == 0) return {};
    if (!isFloat(tensor->type())) context.fail("input " + std::to_string(i) + " must hold floats");
    const Tensor floats = toFloat32(*tensor);
    const auto values = floats.as<float>();
    return {values.begin(), values.end()};
}

// One entry per axis of x.
std::vector<AxisResize> axesToResize(OperatorContext& context, const Shape& shape) {
    const int rank = shape.rank();
    std::vector<std::int64_t> named = context.node().integers("axes");
    if (named.empty())
        for (int axis = 0; axis < rank; ++axis) named.push_back(axis);
    axesOf(context, named, rank);
    const auto scales = realsIn(context, isOpset10(context) ? 1 : 2), roi = realsIn(context, isOpset10(context) ? 9 : 1);
    const auto sizes = integersIn(context, 3);
    if (scales.empty() == sizes.empty()) context.fail("it must have either scales or sizes");
    if ((!scales.empty() && scales.size() != named.size()) || (!sizes.empty() && sizes.size() != named.size()))
        context.fail("scales or sizes must have " + std::to_string(named.size()) + " numbers");
    const bool crops = context.node().text("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
    if (crops && roi.size() != 2 * named.size()) context.fail("roi must have two numbers per axis");
    std::vector<AxisResize> axes(static_cast<std::size_t>(rank));
    for (int axis = 0; axis < rank; ++axis) axes[static_cast<std::size_t>(axis)].in = axes[static_cast<std::size_t>(axis)].out = shape[axis];
    const auto at = [&](std::size_t i) -> AxisResize& { return axes[static_cast<std::size_t>(axisOf(context, named[i], rank))]; };
    constexpr double kMost = 0x1p40;
    for (std::size_t i = 0; i < named.size(); ++i) {
        AxisResize& axis = at(i);
        if (crops) {
            axis.roiBegin = double(roi[i]);
            axis.roiEnd = double(roi[i + named.size()]);
        }
        if (!sizes.empty()) {
            if (sizes[i] < 0 || double(sizes[i]) > kMost || (axis.in == 0 && sizes[i] != 0)) context.fail("the size " + std::to_string(sizes[i]) + " is impossible");
            axis.out = sizes[i];
            axis.scale = axis.in == 0 ? 1 : double(axis.out) / double(axis.in);
            axis.exact = true;
            continue;
        }
        axis.scale = double(scales[i]);
        const float part = crops ? roi[i + named.size()] - roi[i] : 1.0f;
        const float extent = std::floor(static_cast<float>(axis.in) * part * scales[i]);
        if (!(axis.scale > 0) || !(extent >= 0 && double(extent) < kMost)) context.fail("the scale " + std::to_string(scales[i]) + " is impossible");
        axis.out = static_cast<std::int64_t>(extent);
    }
    const std::string policy = context.node().text("keep_aspect_ratio_policy", "stretch");
    if (policy == "stretch" || sizes.empty()) return axes;
    if (policy != "not_larger" && policy != "not_smaller") context.fail("keep_aspect_ratio_policy is '" + policy + "', which does not exist");
    double scale = at(0).scale;
    for (std::size_t i = 1; i < named.size(); ++i) scale = policy == "not_larger" ? std::min(scale, at(i).scale) : std::max(scale, at(i).scale);
    for (std::size_t i = 0; i < named.size(); ++i) {
        const double extent = std::floor(scale * double(at(i).in) + 0.5);
        if (extent > kMost) context.fail("its output would have the impossible extent " + std::to_string(extent));
        at(i) = {at(i).in, static_cast<std::int64_t>(extent), scale, false, at(i).roiBegin, at(i).roiEnd};
    }
    return axes;
}

bool changes(const AxisResize& axis, Coordinates coordinates) {
    const bool crops = coordinates == Coordinates::TfCropAndResize && (axis.roiBegin != 0 || axis.roiEnd != 1);
    return axis.in != axis.out || axis.scale != 1 || crops;
}

// One row of an axis that lies innermost. T is float, or for nearest any element.
template <class T>
void resampleRow(const T* row, const AxisTaps& taps, T extrapolation, T* to) {
    const std::int64_t n = taps.taps, out = static_cast<std::int64_t>(taps.outside.size());
    const std::int64_t* index = taps.indices.data();
    const float* weight = taps.weights.data();
    if (n == 1) {
        for (std::int64_t o = 0; o < out; ++o) to[o] = row[index[o]];
    } else if constexpr (std::is_same_v<T, float>) {
        if (n == 2) {
            for (std::int64_t o = 0; o < out; ++o) to[o] = weight[2 * o] * row[index[2 * o]] + weight[2 * o + 1] * row[index[2 * o + 1]];
        } else {
            for (std::int64_t o = 0; o < out; ++o) {
                float sum = 0;
                for (std::int64_t k = o * n; k < (o + 1) * n; ++k) sum += weight[k] * row[index[k]];
                to[o] = sum;
            }
        }
    }
    if (taps.anyOutside)
        for (std::int64_t o = 0; o < out; ++o)
            if (taps.outside[static_cast<std::size_t>(o)]) to[o] = extrapolation;
}

// One output slice of an axis with `inner` elements behind it.
template <class T>
void resampleSlice(const T* slice, std::int64_t inner, const AxisTaps& taps, std::int64_t o, T extrapolation, T* to) {
    if (taps.outside[static_cast<std::size_t>(o)]) {
        std::fill_n(to, inner, extrapolation);
        return;
    }
    const std::int64_t n = taps.taps;
    const std::int64_t* index = taps.indices.data() + o * n;
    if constexpr (std::is_same_v<T, float>) {
        const float* weight = taps.weights.data() + o * n;
        if (n >= 2) {
            const float *a = slice + index[0] * inner, *b = slice + index[1] * inner;
            const float first = weight[0], second = weight[1];
#pragma GCC ivdep
            for (std::int64_t i = 0; i < inner; ++i) to[i] = first * a[i] + second * b[i];
        }
        for (std::int64_t k = 2; k < n; ++k) {
            const float* row = slice + index[k] * inner;
            const float by = weight[k];
#pragma GCC ivdep
            for (std::int64_t i = 0; i < inner; ++i) to[i] += by * row[i];
        }
        if (n >= 2) return;
    }
    std::copy_n(slice + index[0] * inner, inner, to);
}

// One axis of outer × in × inner.
template <class T>
void resampleAxis(OperatorContext& context, const T* from, T* to, std::int64_t outer, std::int64_t in, std::int64_t inner,
                  const AxisTaps& taps, T extrapolation) {
    const auto out = static_cast<std::int64_t>(taps.outside.size());
    if (inner == 1) {
        context.forRange(outer, rowsPerChunk(out * taps.taps), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) resampleRow(from + row * in, taps, extrapolation, to + row * out);
        });
        return;
    }
    context.forRange(outer * out, rowsPerChunk(inner * taps.taps), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at)
            resampleSlice(from + at / out * in * inner, inner, taps, at % out, extrapolation, to + at * inner);
    });
}

// All axes in turn, innermost first; the last pass writes `to`.
template <class T>
void resampleAll(OperatorContext& context, const T* from, const Shape& shape, const std::vector<AxisResize>& axes,
                 const Sampling& sampling, T extrapolation, T* to) {
    Shape now = shape;
    int left = 0;
    for (const AxisResize& axis : axes) left += changes(axis, sampling.coordinates);
    for (int a = shape.rank() - 1; a >= 0; --a) {
        const AxisResize& axis = axes[static_cast<std::size_t>(a)];
        if (!changes(axis, sampling.coordinates)) continue;
        Shape next = now;
        next[a] = axis.out;
        T* goal = --left == 0 ? to : context.scratch<T>(checkedShape(context, next.dims()).count()).data();
        resampleAxis(context, from, goal, now.count(0, a), axis.in, now.count(a + 1, now.rank()), tapsOf(axis, sampling), extrapolation);
        from = goal;
        now = next;
    }
}

}  // namespace

void runResize(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const Sampling sampling = samplingOf(context);
    const std::vector<AxisResize> axes = axesToResize(context, x.shape());
    std::vector<std::int64_t> dims;
    bool resizes = false;
    for (const AxisResize& axis : axes) {
        dims.push_back(axis.out);
        resizes = resizes || changes(axis, sampling.coordinates);
    }
    if (!resizes) return context.setOutput(0, x);
    const Shape shape = checkedShape(context, std::move(dims));
    const float extrapolation = context.node().real("extrapolation_value", 0.0f);
    std::byte* out = context.outputBytes(0, x.type(), shape);
    if (shape.count() == 0) return;
    if (x.count() == 0) context.fail("an empty input cannot be made larger");
    if (sampling.antialias)
        for (const AxisResize& axis : axes)
            if (double(axis.out) * 4 / std::min(axis.scale, 1.0) > 0x1p32) context.fail("the scale " + std::to_string(axis.scale) + " is impossible");
    if (x.type() == ElementType::F32) {
        return resampleAll(context, x.as<float>().data(), x.shape(), axes, sampling, extrapolation, reinterpret_cast<float*>(out));
    }
    if (sampling.interpolation == Interpolation::Nearest && sampling.coordinates != Coordinates::TfCropAndResize) {
        visitWidths(x.type(), [&](auto tag) {
            using T = typename decltype(tag)::type;
            if constexpr (!std::is_same_v<T, float>)
                resampleAll<T>(context, reinterpret_cast<const T*>(x.bytes().data()), x.shape(), axes, sampling, T(0), reinterpret_cast<T*>(out));
        });
        return;
    }
    // Integers are computed in float32 and cut to whole numbers.
    if (!isInteger(x.type()) || size > 4) refuseType(context, x.type());
    const Tensor floats = toFloat32(x);
    const auto result = context.scratch<float>(shape.count());
    resampleAll(context, floats.as<float>().data(), x.shape(), axes, sampling, extrapolation, result.data());
    visitIntegers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Limits = std::numeric_limits<T>;
        for (std::size_t i = 0; i < result.size(); ++i)
            reinterpret_cast<T*>(out)[i] = static_cast<T>(std::clamp(double(result[i]), double(Limits::min()), double(Limits::max())));
    });
}

}  // namespace bitlathe
