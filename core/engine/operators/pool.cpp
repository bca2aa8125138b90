#include "core/engine/operators/pool.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/window.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

Window poolWindow(OperatorContext& context, const Tensor& x) {
    const auto kernel = context.node().integers("kernel_shape");
    if (kernel.empty()) context.fail("it has no kernel_shape");
    Window window = resolveWindow(context, x.shape(), kernel);
    const std::string autoPad = context.node().text("auto_pad", "NOTSET");
    if (context.node().integer("ceil_mode", 0) == 0 || autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") return window;
    for (std::size_t a = 0; a < 3; ++a) {
        const std::int64_t covered = (window.kernel[a] - 1) * window.dilation[a] + 1;
        const std::int64_t room = window.in[a] + window.padBegin[a] + window.padEnd[a] - covered;
        window.out[a] = (room + window.stride[a] - 1) / window.stride[a] + 1;
        // A window that would start behind the input and its first pad is left out.
        if (window.out[a] > 1 && (window.out[a] - 1) * window.stride[a] >= window.in[a] + window.padBegin[a]) --window.out[a];
    }
    return window;
}

struct Range {
    std::int64_t begin, end;  // taps
};
// The taps of output index o along axis a that lie inside the input.
Range tapsInside(const Window& w, std::size_t a, std::int64_t o) {
    const std::int64_t first = o * w.stride[a] - w.padBegin[a], step = w.dilation[a];
    const std::int64_t begin = first < 0 ? (-first + step - 1) / step : 0;
    const std::int64_t end = std::clamp<std::int64_t>((w.in[a] - first + step - 1) / step, 0, w.kernel[a]);
    return {std::min(begin, end), end};
}

// tapsInside() for every output index along an axis.
std::vector<Range> allTapsInside(const Window& w, std::size_t a) {
    std::vector<Range> ranges;
    for (std::int64_t o = 0; o < w.out[a]; ++o) ranges.push_back(tapsInside(w, a, o));
    return ranges;
}

// Elements of a row with its pads, as far as windows reach.
std::int64_t rowWidth(const OperatorContext& context, const Window& w) {
    const std::int64_t width = std::max((w.out[2] - 1) * w.stride[2] + (w.kernel[2] - 1) * w.dilation[2] + 1, w.padBegin[2] + w.in[2]);
    if (width > (std::int64_t(1) << 27) || w.stride[2] > (std::int64_t(1) << 27)) context.fail("its windows and pads span " + std::to_string(width) + " elements, which is impossible");
    return width;
}

// For every output row of every plane: joins the window's input rows into one row of the accumulator, `start`
// where the window leaves the input; then `finish` makes outputs from it. F: Part start(); Part step(Part, x).
template <class F, class T, class Finish>
void poolPlanes(OperatorContext& context, const Window& w, const T* from, std::int64_t planes, const F& f, Finish&& finish) {
    using Part = decltype(f.start());
    const std::int64_t width = rowWidth(context, w), rows = w.out[0] * w.out[1], inside = std::min(w.in[2], width - w.padBegin[2]);
    const std::int64_t cost = w.kernel[0] * w.kernel[1] * w.in[2] + w.kernel[2] * w.out[2];
    const std::vector<Range> depths = allTapsInside(w, 0), heights = allTapsInside(w, 1);
    context.forRange(planes * rows, rowsPerChunk(cost), [&](std::int64_t begin, std::int64_t end) {
        std::vector<Part> row(static_cast<std::size_t>(width), f.start());
        Part* middle = row.data() + w.padBegin[2];
        for (std::int64_t at = begin; at < end; ++at) {
            const T* plane = from + at / rows * w.inCount();
            const std::int64_t d = at % rows / w.out[1], h = at % w.out[1];
            const Range depth = depths[static_cast<std::size_t>(d)], height = heights[static_cast<std::size_t>(h)];
            std::fill_n(middle, inside, f.start());
            for (std::int64_t kd = depth.begin; kd < depth.end; ++kd)
                for (std::int64_t kh = height.begin; kh < height.end; ++kh) {
                    const std::int64_t z = d * w.stride[0] - w.padBegin[0] + kd * w.dilation[0], y = h * w.stride[1] - w.padBegin[1] + kh * w.dilation[1];
                    const T* in = plane + (z * w.in[1] + y) * w.in[2];
                    for (std::int64_t x = 0; x < inside; ++x) middle[x] = f.step(middle[x], Computed<T>(in[x]));
                }
            finish(at, d, h, row.data());
        }
    });
}

// The same for float32 through the machine's vector kernels: `into` joins rows, `across` the taps of one row.
// finish(out, d, h) gets the joined row.
template <class Finish>
void poolFloats(OperatorContext& context, const Window& w, const float* from, std::int64_t planes, float start,
                void (*into)(const float*, float*, std::int64_t) noexcept, void (*across)(const PoolRow&) noexcept, float* to, Finish&& finish) {
    const std::int64_t width = rowWidth(context, w), rows = w.out[0] * w.out[1], inside = std::min(w.in[2], width - w.padBegin[2]);
    const std::int64_t cost = w.kernel[0] * w.kernel[1] * w.in[2] + w.kernel[2] * w.out[2];
    const std::vector<Range> depths = allTapsInside(w, 0), heights = allTapsInside(w, 1);
    context.forRange(planes * rows, rowsPerChunk(cost), [&](std::int64_t begin, std::int64_t end) {
        // Room for the kernels' last block behind the end.
        std::vector<float> row(static_cast<std::size_t>(width + 16 * w.stride[2]), start);
        float* middle = row.data() + w.padBegin[2];
        for (std::int64_t at = begin; at < end; ++at) {
            const float* plane = from + at / rows * w.inCount();
            const std::int64_t d = at % rows / w.out[1], h = at % w.out[1];
            const Range depth = depths[static_cast<std::size_t>(d)], height = heights[static_cast<std::size_t>(h)];
            bool joined = false;
            for (std::int64_t kd = depth.begin; kd < depth.end; ++kd)
                for (std::int64_t kh = height.begin; kh < height.end; ++kh) {
                    const std::int64_t z = d * w.stride[0] - w.padBegin[0] + kd * w.dilation[0], y = h * w.stride[1] - w.padBegin[1] + kh * w.dilation[1];
                    const float* in = plane + (z * w.in[1] + y) * w.in[2];
                    if (joined) into(in, middle, inside);
                    else std::copy_n(in, inside, middle);
                    joined = true;
                }
            if (!joined) std::fill_n(middle, inside, start);
            float* out = to + at * w.out[2];
            across({row.data(), out, w.out[2], w.stride[2], w.dilation[2], w.kernel[2]});
            finish(out, d, h);
        }
    });
}

// Joins the taps of one output row; out[x] = done(joined, x).
template <class F, class Part, class Done>
void poolRow(const Window& w, const F& f, const Part* row, Done&& done) {
    for (std::int64_t x = 0; x < w.out[2]; ++x) {
        const Part* at = row + x * w.stride[2];
        Part part = at[0];
        for (std::int64_t k = 1; k < w.kernel[2]; ++k) part = f.join(part, at[k * w.dilation[2]]);
        done(part, x);
    }
}

template <class X>
struct Largest {
    X start() const {
        using Limits = std::numeric_limits<X>;
        return std::is_floating_point_v<X> ? -Limits::infinity() : Limits::lowest();
    }
    X step(X a, X x) const { return (a > x) | (a != a) ? a : x; }
    X join(X a, X b) const { return step(a, b); }
};
struct Total {
    double start() const { return 0; }
    double step(double a, double x) const { return a + x; }
    double join(double a, double b) const { return a + b; }
};
struct TotalPower {
    double p;
    double start() const { return 0; }
    double step(double a, double x) const { return a + (p == 2 ? x * x : p == 1 ? std::abs(x) : std::pow(std::abs(x), p)); }
    double join(double a, double b) const { return a + b; }
};

// The largest element and where it is: index within the tensor, by rows or (storage_order 1) by columns.
template <class T>
void maxPoolWithIndices(OperatorContext& context, const Window& w, const T* from, std::int64_t planes, T* to, std::int64_t* indices) {
    const bool byColumns = context.node().integer("storage_order", 0) != 0;
    context.forRange(planes, rowsPerChunk(w.outCount() * w.taps()), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin * w.outCount(); at < end * w.outCount(); ++at) {
            const std::int64_t plane = at / w.outCount(), x = at % w.out[2], y = at / w.out[2] % w.out[1], z = at / (w.out[2] * w.out[1]) % w.out[0];
            const Range zs = tapsInside(w, 0, z), ys = tapsInside(w, 1, y), xs = tapsInside(w, 2, x);
            const T* in = from + plane * w.inCount();
            Computed<T> best = Largest<Computed<T>>().start();
            std::int64_t found = 0;
            bool first = true;
            for (std::int64_t kz = zs.begin; kz < zs.end; ++kz)
                for (std::int64_t ky = ys.begin; ky < ys.end; ++ky)
                    for (std::int64_t kx = xs.begin; kx < xs.end; ++kx) {
                        const std::int64_t iz = z * w.stride[0] - w.padBegin[0] + kz * w.dilation[0];
                        const std::int64_t iy = y * w.stride[1] - w.padBegin[1] + ky * w.dilation[1];
                        const std::int64_t ix = x * w.stride[2] - w.padBegin[2] + kx * w.dilation[2];
                        const Computed<T> value = Computed<T>(in[(iz * w.in[1] + iy) * w.in[2] + ix]);
                        if (!first && !(value > best || (value != value && best == best))) continue;
                        first = false;
                        best = value;
                        found = byColumns ? (ix * w.in[1] + iy) * w.in[0] + iz : (iz * w.in[1] + iy) * w.in[2] + ix;
                    }
            to[at] = T(best);
            indices[at] = plane * w.inCount() + found;
        }
    });
}

// How many numbers each output index along axis a is the mean of.
std::vector<std::int64_t> divisors(const Window& w, std::size_t a, bool includePads) {
    std::vector<std::int64_t> counts;
    for (std::int64_t o = 0; o < w.out[a]; ++o) {
        const Range taps = tapsInside(w, a, o);
        const std::int64_t first = o * w.stride[a] - w.padBegin[a];
        const std::int64_t padded = (w.in[a] + w.padEnd[a] - first + w.dilation[a] - 1) / w.dilation[a];
        counts.push_back(includePads ? std::clamp<std::int64_t>(padded, 0, w.kernel[a]) : taps.end - taps.begin);
    }
    return counts;
}

}  // namespace

void runMaxPool(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const Window w = poolWindow(context, x);
    const std::int64_t planes = x.shape()[0] * x.shape()[1];
    const Shape shape = w.outShape({x.shape()[0], x.shape()[1]});
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Part = Computed<T>;
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        T* to = context.output<T>(0, shape, x.type()).data();
        if (context.wants(1)) return maxPoolWithIndices(context, w, from, planes, to, context.output<std::int64_t>(1, shape).data());
        if constexpr (std::is_same_v<T, float>) {
            const FloatRows& kernels = floatRows(context.machine().isa);
            poolFloats(context, w, from, planes, -std::numeric_limits<float>::infinity(), kernels.raise, kernels.poolLargest, to, [](float*, std::int64_t, std::int64_t) {});
            return;
        }
        const Largest<Part> largest;
        poolPlanes(context, w, from, planes, largest, [&](std::int64_t at, std::int64_t, std::int64_t, const Part* row) {
            T* out = to + at * w.out[2];
            poolRow(w, largest, row, [out](Part part, std::int64_t i) { out[i] = T(part); });
        });
    });
    if (!known) refuseType(context, x.type());
}

void runAveragePool(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const Window w = poolWindow(context, x);
    const bool includePads = context.node().integer("count_include_pad", 0) != 0;
    float* to = context.output<float>(0, w.outShape({x.shape()[0], x.shape()[1]})).data();
    const auto zs = divisors(w, 0, includePads), ys = divisors(w, 1, includePads), xs = divisors(w, 2, includePads);
    constexpr std::int64_t kFewTaps = 64;  // whose sum float32 holds without harm
    if (w.taps() <= kFewTaps) {
        const FloatRows& kernels = floatRows(context.machine().isa);
        const std::vector<float> columns(xs.begin(), xs.end());
        poolFloats(context, w, x.as<float>().data(), x.shape()[0] * x.shape()[1], 0.0f, kernels.add, kernels.poolSum, to, [&](float* out, std::int64_t d, std::int64_t h) {
            const auto others = static_cast<float>(zs[static_cast<std::size_t>(d)] * ys[static_cast<std::size_t>(h)]);
            for (std::size_t i = 0; i < columns.size(); ++i) {
                const float count = others * columns[i];
                out[i] /= count > 0 ? count : 1.0f;  // of nothing: 0
            }
        });
        return;
    }
    const Total total;
    poolPlanes(context, w, x.as<float>().data(), x.shape()[0] * x.shape()[1], total, [&](std::int64_t at, std::int64_t d, std::int64_t h, const double* row) {
        float* out = to + at * w.out[2];
        const std::int64_t others = zs[static_cast<std::size_t>(d)] * ys[static_cast<std::size_t>(h)];
        poolRow(w, total, row, [&](double part, std::int64_t i) {
            const std::int64_t count = others * xs[static_cast<std::size_t>(i)];
            out[i] = count == 0 ? 0.0f : static_cast<float>(part / double(count));
        });
    });
}

void runLpPool(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const Window w = poolWindow(context, x);
    const auto p = static_cast<double>(context.node().integer("p", 2));
    if (p < 1) context.fail("p must be 1 or more");
    float* to = context.output<float>(0, w.outShape({x.shape()[0], x.shape()[1]})).data();
    const TotalPower total{p};
    poolPlanes(context, w, x.as<float>().data(), x.shape()[0] * x.shape()[1], total, [&](std::int64_t at, std::int64_t, std::int64_t, const double* row) {
        float* out = to + at * w.out[2];
        poolRow(w, total, row, [&](double part, std::int64_t i) {
            out[i] = static_cast<float>(p == 2 ? std::sqrt(part) : p == 1 ? part : std::pow(part, 1 / p));
        });
    });
}

void runMaxUnpool(OperatorContext& context) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const Tensor& places = inputOf(context, 1, ElementType::I64);
    needRank(context, x, 3);
    if (places.shape() != x.shape()) context.fail("indices " + toText(places.shape()) + " and values " + toText(x.shape()) + " differ in shape");
    const auto kernel = context.node().integers("kernel_shape");
    const auto spatial = static_cast<std::size_t>(x.shape().rank() - 2);
    const auto strides = context.node().integers("strides", std::vector<std::int64_t>(spatial, 1));
    const auto pads = context.node().integers("pads", std::vector<std::int64_t>(2 * spatial, 0));
    if (kernel.size() != spatial || strides.size() != spatial || pads.size() != 2 * spatial) context.fail("kernel_shape, strides and pads do not fit " + toText(x.shape()));
    constexpr std::int64_t kMost = std::int64_t(1) << 31;
    Shape pooled = x.shape();  // of the tensor that was pooled: what the indices count in
    for (std::size_t i = 0; i < spatial; ++i) {
        for (const std::int64_t value : {kernel[i], strides[i], pads[i], pads[i + spatial]})
            if (value < 0 || value > kMost) context.fail("the value " + std::to_string(value) + " is impossible in kernel_shape, strides or pads");
        pooled[static_cast<int>(i) + 2] = (x.shape()[static_cast<int>(i) + 2] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + spatial];
    }
    pooled = checkedShape(context, pooled.dims());
    const Shape shape = context.optional(2) ? checkedShape(context, integersIn(context, 2)) : pooled;
    if (shape.rank() != pooled.rank()) context.fail("output_shape does not fit " + toText(x.shape()));
    const auto out = context.output<float>(0, shape);
    std::fill(out.begin(), out.end(), 0.0f);
    const auto values = x.as<float>();
    const auto indices = places.as<std::int64_t>();
    const std::vector<std::int64_t> from = stridesOf(pooled), to = stridesOf(shape);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (indices[i] < 0 || indices[i] >= pooled.count()) context.fail("index " + std::to_string(indices[i]) + " lies outside " + toText(pooled));
        std::int64_t rest = indices[i], at = 0;
        for (int axis = 0; axis < pooled.rank(); ++axis) {
            const std::int64_t index = rest / from[static_cast<std::size_t>(axis)];
            rest %= from[static_cast<std::size_t>(axis)];
            if (index >= shape[axis]) context.fail("index " + std::to_string(indices[i]) + " lies outside " + toText(shape));
            at += index * to[static_cast<std::size_t>(axis)];
        }
        out[static_cast<std::size_t>(at)] = values[i];
    }
}

}  // namespace bitlathe
