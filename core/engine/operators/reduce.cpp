#include "core/engine/operators/reduce.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/transpose.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace bitlathe {

namespace {

// What sums of a T are kept in: double for reals, 64 bits that wrap around for integers.
template <class T>
using SumOf = std::conditional_t<kIsReal<T>, double, std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

template <class A>
A wrappedSum(A a, A b) {
    if constexpr (std::is_integral_v<A>) return static_cast<A>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else return a + b;
}
template <class A>
A wrappedProduct(A a, A b) {
    if constexpr (std::is_integral_v<A>) return static_cast<A>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else return a * b;
}

// Each reduction: where it starts, what an element adds, how two parts join, what comes out of `count` elements.
using RowKernel = double (*FloatRows::*)(const float*, std::int64_t) noexcept;
struct Sum {
    static constexpr RowKernel kRowKernel = &FloatRows::sum;  // the same part for a row of float32
    template <class T> using Part = SumOf<T>;
    template <class T> static Part<T> start() { return 0; }
    template <class A, class X> static A step(A a, X x) { return wrappedSum(a, A(x)); }
    template <class A> static A join(A a, A b) { return wrappedSum(a, b); }
    template <class A> static A finish(A a, std::int64_t) { return a; }
};
struct Mean : Sum {
    template <class A>
    static A finish(A a, std::int64_t count) {
        if constexpr (std::is_integral_v<A>) return count == 0 ? A(0) : A(a / A(count));
        else return a / A(count);
    }
};
struct L1 : Sum {
    static constexpr RowKernel kRowKernel = nullptr;
    template <class A, class X> static A step(A a, X x) { return wrappedSum(a, x < X(0) ? wrappedProduct(A(x), A(-1)) : A(x)); }
};
struct SumSquare : Sum {
    static constexpr RowKernel kRowKernel = &FloatRows::sumOfSquares;
    template <class A, class X> static A step(A a, X x) { return wrappedSum(a, wrappedProduct(A(x), A(x))); }
};
struct L2 : SumSquare {
    template <class A> static A finish(A a, std::int64_t) { return A(std::sqrt(double(a))); }
};
struct LogSum : Sum {
    template <class A> static A finish(A a, std::int64_t) { return A(std::log(double(a))); }
};
struct Prod : Sum {
    static constexpr RowKernel kRowKernel = nullptr;
    template <class T> static SumOf<T> start() { return 1; }
    template <class A, class X> static A step(A a, X x) { return wrappedProduct(a, A(x)); }
    template <class A> static A join(A a, A b) { return wrappedProduct(a, b); }
};
struct Max {
    static constexpr RowKernel kRowKernel = nullptr;
    template <class T> using Part = Computed<T>;
    template <class T>
    static Part<T> start() {
        using Limits = std::numeric_limits<Part<T>>;
        return kIsReal<T> ? -Limits::infinity() : Limits::lowest();
    }
    template <class A> static A step(A a, A x) { return (a > x) | (a != a) ? a : x; }
    template <class A> static A join(A a, A b) { return step(a, b); }
    template <class A> static A finish(A a, std::int64_t) { return a; }
};
struct Min : Max {
    template <class T>
    static Part<T> start() {
        using Limits = std::numeric_limits<Part<T>>;
        return kIsReal<T> ? Limits::infinity() : Limits::max();
    }
    template <class A> static A step(A a, A x) { return (a < x) | (a != a) ? a : x; }
    template <class A> static A join(A a, A b) { return step(a, b); }
};

// Eight running parts, element i going to part i mod 8, so that the sum is vector code and its order fixed.
template <class F, class T>
typename F::template Part<T> reduceRun(const FloatRows& kernels, const T* x, std::int64_t count) {
    using Part = typename F::template Part<T>;
    if constexpr (std::is_same_v<T, float> && F::kRowKernel != nullptr) return (kernels.*F::kRowKernel)(x, count);
    constexpr std::int64_t kLanes = 8;
    std::array<Part, kLanes> parts;
    parts.fill(F::template start<T>());
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (std::int64_t lane = 0; lane < kLanes; ++lane)
            parts[static_cast<std::size_t>(lane)] = F::step(parts[static_cast<std::size_t>(lane)], Computed<T>(x[i + lane]));
    for (std::int64_t lane = 0; i < count; ++i, ++lane)
        parts[static_cast<std::size_t>(lane)] = F::step(parts[static_cast<std::size_t>(lane)], Computed<T>(x[i]));
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
        for (std::size_t lane = 0; lane < half; ++lane) parts[lane] = F::join(parts[lane], parts[lane + half]);
    return parts[0];
}

// The input as kept × reduced × kept: axes merged, and transposed where they interleave more than that.
struct Reduction {
    std::int64_t outer = 1, extent = 1, inner = 1;
    const std::byte* data = nullptr;
    Shape result;
    ElementType type{};
};

template <class F, class T>
void reduceRows(OperatorContext& context, const Reduction& r, T* to) {
    using Part = typename F::template Part<T>;
    const T* from = reinterpret_cast<const T*>(r.data);
    const FloatRows& kernels = floatRows(context.machine().isa);
    const std::int64_t pieces = (r.extent + kCheapGrain - 1) / kCheapGrain;
    if (pieces <= 1) {
        context.forRange(r.outer, rowsPerChunk(r.extent), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                to[row] = T(Computed<T>(F::finish(reduceRun<F>(kernels, from + row * r.extent, r.extent), r.extent)));
        });
        return;
    }
    const auto parts = context.scratch<Part>(r.outer * pieces);
    context.forEach(r.outer * pieces, [&](std::int64_t chunk) {
        const std::int64_t row = chunk / pieces, begin = chunk % pieces * kCheapGrain;
        parts[static_cast<std::size_t>(chunk)] = reduceRun<F>(kernels, from + row * r.extent + begin, std::min(kCheapGrain, r.extent - begin));
    });
    for (std::int64_t row = 0; row < r.outer; ++row) {
        Part part = parts[static_cast<std::size_t>(row * pieces)];
        for (std::int64_t piece = 1; piece < pieces; ++piece) part = F::join(part, parts[static_cast<std::size_t>(row * pieces + piece)]);
        to[row] = T(Computed<T>(F::finish(part, r.extent)));
    }
}

template <class F, class T>
void reduceColumns(OperatorContext& context, const Reduction& r, T* to) {
    using Part = typename F::template Part<T>;
    constexpr std::int64_t kColumns = 256;
    const T* from = reinterpret_cast<const T*>(r.data);
    const std::int64_t blocks = (r.inner + kColumns - 1) / kColumns;
    context.forRange(r.outer * blocks, rowsPerChunk(std::min(kColumns, r.inner) * r.extent), [&](std::int64_t first, std::int64_t last) {
        std::array<Part, kColumns> parts;
        for (std::int64_t at = first; at < last; ++at) {
            const std::int64_t outer = at / blocks, begin = at % blocks * kColumns, count = std::min(kColumns, r.inner - begin);
            parts.fill(F::template start<T>());
            for (std::int64_t k = 0; k < r.extent; ++k) {
                const T* row = from + (outer * r.extent + k) * r.inner + begin;
                for (std::int64_t c = 0; c < count; ++c)
                    parts[static_cast<std::size_t>(c)] = F::step(parts[static_cast<std::size_t>(c)], Computed<T>(row[c]));
            }
            for (std::int64_t c = 0; c < count; ++c)
                to[outer * r.inner + begin + c] = T(Computed<T>(F::finish(parts[static_cast<std::size_t>(c)], r.extent)));
        }
    });
}

enum class Layout { Rows, RowsOrColumns };

Reduction reductionOf(OperatorContext& context, std::span<const int> axes, Layout layout) {
    const Tensor& x = context.input(0);
    const Shape& shape = x.shape();
    const bool keep = context.node().integer("keepdims", 1) != 0;
    Reduction r;
    r.type = x.type();
    r.data = x.bytes().data();
    std::vector<std::int64_t> dims;
    std::vector<int> order, reduced;  // kept axes, reduced axes
    int changes = 0;                  // how often kept and reduced axes alternate, not counting extents of 1
    bool last = false;
    for (int axis = 0; axis < shape.rank(); ++axis) {
        const bool reduces = std::binary_search(axes.begin(), axes.end(), axis);
        if (!reduces) dims.push_back(shape[axis]);
        else if (keep) dims.push_back(1);
        if (shape[axis] != 1 && reduces != last) {
            ++changes;
            last = reduces;
        }
        (reduces ? reduced : order).push_back(axis);
        if (reduces) {
            r.extent *= shape[axis];
        } else if (changes < 2) {
            r.outer *= shape[axis];
        } else {
            r.inner *= shape[axis];
        }
    }
    r.result = Shape(std::move(dims));
    // changes: 0 nothing reduced, 1 kept × reduced, 2 kept × reduced × kept.
    const bool fits = changes <= 1 || (changes == 2 && layout == Layout::RowsOrColumns);
    if (!fits || layout == Layout::Rows) {
        r.outer *= r.inner;
        r.inner = 1;
    }
    if (fits || x.count() == 0) return r;
    order.insert(order.end(), reduced.begin(), reduced.end());
    const int size = bitsOf(x.type()) / 8;
    const auto copy = context.scratch<std::byte>(x.count() * size);
    transpose(context, r.data, shape, order, size, copy.data());
    r.data = copy.data();
    return r;
}

// The axes to reduce; nothing where the node says that no axes mean no reduction.
std::optional<std::vector<int>> reducedAxes(OperatorContext& context) {
    const int rank = context.input(0).shape().rank();
    std::vector<int> axes = axesOf(context, integersIn(context, 1, "axes"), rank);
    if (!axes.empty()) return axes;
    if (context.node().integer("noop_with_empty_axes", 0) != 0) return std::nullopt;
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
}

template <class F>
void runReduction(OperatorContext& context) {
    const Tensor& x = context.input(0);
    elementBytes(context, x.type());
    const auto axes = reducedAxes(context);
    if (!axes) return context.setOutput(0, x);
    const Reduction r = reductionOf(context, *axes, Layout::RowsOrColumns);
    const auto reduce = [&](auto tag) {
        using T = typename decltype(tag)::type;
        T* to = context.output<T>(0, r.result, r.type).data();
        if (r.inner == 1) reduceRows<F>(context, r, to);
        else reduceColumns<F>(context, r, to);
    };
    const bool ordersBools = std::is_base_of_v<Max, F> && x.type() == ElementType::Bool;
    if (ordersBools) reduce(std::type_identity<std::uint8_t>{});
    else if (!visitNumbers(x.type(), reduce)) refuseType(context, x.type());
}

// Everything behind batch and channel becomes one element.
template <class F>
void runGlobalPool(OperatorContext& context) {
    const Tensor& x = context.input(0);
    needRank(context, x, 2);
    Reduction r;
    r.outer = x.shape().count(0, 2);
    r.extent = x.shape().count(2, x.shape().rank());
    r.data = x.bytes().data();
    r.type = x.type();
    std::vector<std::int64_t> dims(static_cast<std::size_t>(x.shape().rank()), 1);
    dims[0] = x.shape()[0];
    dims[1] = x.shape()[1];
    r.result = Shape(std::move(dims));
    const bool known = visitReals(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        reduceRows<F>(context, r, context.output<T>(0, r.result, r.type).data());
    });
    if (!known) refuseType(context, x.type());
}

}  // namespace

void runGlobalAveragePool(OperatorContext& context) { runGlobalPool<Mean>(context); }
void runGlobalMaxPool(OperatorContext& context) { runGlobalPool<Max>(context); }

void runGlobalLpPool(OperatorContext& context) {
    const std::int64_t p = context.node().integer("p", 2);
    if (p == 1) runGlobalPool<L1>(context);
    else if (p == 2) runGlobalPool<L2>(context);
    else context.refuse("p = " + std::to_string(p) + " is not computed, only 1 and 2");
}

void runReduceSum(OperatorContext& context) { runReduction<Sum>(context); }
void runReduceMean(OperatorContext& context) { runReduction<Mean>(context); }
void runReduceMax(OperatorContext& context) { runReduction<Max>(context); }
void runReduceMin(OperatorContext& context) { runReduction<Min>(context); }
void runReduceProd(OperatorContext& context) { runReduction<Prod>(context); }
void runReduceL1(OperatorContext& context) { runReduction<L1>(context); }
void runReduceL2(OperatorContext& context) { runReduction<L2>(context); }
void runReduceLogSum(OperatorContext& context) { runReduction<LogSum>(context); }
void runReduceSumSquare(OperatorContext& context) { runReduction<SumSquare>(context); }

void runReduceLogSumExp(OperatorContext& context) {
    const Tensor& x = context.input(0);
    elementBytes(context, x.type());
    const auto axes = reducedAxes(context);
    if (!axes) return context.setOutput(0, x);
    const Reduction r = reductionOf(context, *axes, Layout::Rows);
    const bool known = visitReals(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(r.data);
        const auto to = context.output<T>(0, r.result, r.type);
        const FloatRows& kernels = floatRows(context.machine().isa);
        context.forRange(r.outer, rowsPerChunk(r.extent, kCostlyGrain), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row) {
                const T* values = from + row * r.extent;
                // The largest value is taken out first: no exponential overflows.
                const double most = double(reduceRun<Max>(kernels, values, r.extent)), shift = std::isfinite(most) ? most : 0.0;
                double sum = 0;
                for (std::int64_t i = 0; i < r.extent; ++i) sum += std::exp(double(Computed<T>(values[i])) - shift);
                to[static_cast<std::size_t>(row)] = T(Computed<T>(std::log(sum) + shift));
            }
        });
    });
    if (!known) refuseType(context, x.type());
}

}  // namespace bitlathe
