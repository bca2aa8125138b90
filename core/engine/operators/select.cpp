#include "core/engine/operators/select.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/transpose.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

namespace bitlathe {

namespace {

// A strict order of all values: NaN lies above everything and equals NaN.
template <class X>
bool below(X a, X b) {
    if constexpr (std::is_floating_point_v<X>) return b != b ? a == a : a < b;
    else return a < b;
}

// Whether a value takes the place of the best one so far. Without branches, so that columns are vector code.
template <bool kLargest, class X>
bool takesOver(X value, X best, bool last) {
    const bool better = kLargest ? value > best : value < best;
    return better | ((value != value) & (best == best)) | (last & (value == best));
}

// Columns side by side: `width` of them, extent elements `stride` apart each.
template <bool kLargest, class T>
void argColumns(const T* from, std::int64_t extent, std::int64_t stride, std::int64_t width, bool last, std::int64_t* to) {
    using X = Computed<T>;
    constexpr std::size_t kWidth = 64;
    std::array<X, kWidth> best;
    std::array<std::int32_t, kWidth> at{};
    for (std::int64_t c = 0; c < width; ++c) best[static_cast<std::size_t>(c)] = X(from[c]);
    for (std::int64_t k = 1; k < extent; ++k)
        for (std::int64_t c = 0; c < width; ++c) {
            const auto i = static_cast<std::size_t>(c);
            const X value = X(from[k * stride + c]), old = best[i];
            const bool takes = takesOver<kLargest>(value, old, last);
            best[i] = takes ? value : old;
            at[i] = takes ? static_cast<std::int32_t>(k) : at[i];
        }
    for (std::int64_t c = 0; c < width; ++c) to[c] = at[static_cast<std::size_t>(c)];
}

template <bool kLargest>
void runArg(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int axis = axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    const bool keep = context.node().integer("keepdims", 1) != 0, last = context.node().integer("select_last_index", 0) != 0;
    const AroundAxis around = aroundAxis(x.shape(), axis);
    std::vector<std::int64_t> dims = x.shape().dims();
    if (keep) dims[static_cast<std::size_t>(axis)] = 1;
    else dims.erase(dims.begin() + axis);
    const Shape shape(std::move(dims));
    if (around.extent > std::numeric_limits<std::int32_t>::max()) context.refuse("an axis of " + std::to_string(around.extent) + " elements is too long");
    if (around.extent == 0 && shape.count() > 0) context.fail("an empty axis has no largest or smallest element");
    const auto to = context.output<std::int64_t>(0, shape);
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        constexpr std::int64_t kWidth = 64;
        const std::int64_t blocks = (around.inner + kWidth - 1) / kWidth;
        context.forRange(around.outer * blocks, rowsPerChunk(around.extent * std::min(kWidth, around.inner)), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t outer = i / blocks, first = i % blocks * kWidth, width = std::min(kWidth, around.inner - first);
                argColumns<kLargest>(from + outer * around.extent * around.inner + first, around.extent, around.inner, width, last,
                                     to.data() + outer * around.inner + first);
            }
        });
    });
    if (!known) refuseType(context, x.type());
}

}  // namespace

void runArgMax(OperatorContext& context) { runArg<true>(context); }
void runArgMin(OperatorContext& context) { runArg<false>(context); }

void runTopK(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int axis = axisOf(context, context.node().integer("axis", -1), x.shape().rank());
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const std::int64_t k = context.optional(1) ? integerIn(context, 1, 0) : context.node().integer("k", -1);
    if (k < 0 || k > around.extent) context.fail("it asks for " + std::to_string(k) + " of " + std::to_string(around.extent) + " elements");
    const bool largest = context.node().integer("largest", 1) != 0;
    Shape shape = x.shape();
    shape[axis] = k;
    const auto places = context.output<std::int64_t>(1, shape);
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using X = Computed<T>;
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        const auto values = context.output<T>(0, shape, x.type());
        context.forRange(around.outer * around.inner, rowsPerChunk(around.extent, kCostlyGrain), [&](std::int64_t begin, std::int64_t end) {
            std::vector<std::int64_t> order(static_cast<std::size_t>(around.extent));
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t outer = i / around.inner, inner = i % around.inner;
                const T* row = from + outer * around.extent * around.inner + inner;
                const auto before = [&](std::int64_t a, std::int64_t b) {
                    const X p = X(row[a * around.inner]), q = X(row[b * around.inner]);
                    if (largest ? below(q, p) : below(p, q)) return true;
                    if (largest ? below(p, q) : below(q, p)) return false;
                    return a < b;
                };
                std::iota(order.begin(), order.end(), 0);
                std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
                for (std::int64_t n = 0; n < k; ++n) {
                    const auto to = static_cast<std::size_t>((outer * k + n) * around.inner + inner);
                    places[to] = order[static_cast<std::size_t>(n)];
                    values[to] = row[places[to] * around.inner];
                }
            }
        });
    });
    if (!known) refuseType(context, x.type());
}

void runNonZero(OperatorContext& context) {
    const Tensor& x = context.input(0);
    std::vector<std::int64_t> found;
    const auto look = [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* values = reinterpret_cast<const T*>(x.bytes().data());
        for (std::int64_t i = 0; i < x.count(); ++i)
            if (Computed<T>(values[i]) != Computed<T>(0)) found.push_back(i);
    };
    if (x.type() == ElementType::Bool) look(std::type_identity<std::uint8_t>{});
    else if (!visitNumbers(x.type(), look)) refuseType(context, x.type());
    const auto count = static_cast<std::int64_t>(found.size());
    const auto to = context.output<std::int64_t>(0, Shape{x.shape().rank(), count});
    const std::vector<std::int64_t> steps = stridesOf(x.shape());
    for (std::int64_t axis = 0; axis < x.shape().rank(); ++axis)
        for (std::int64_t i = 0; i < count; ++i)
            to[static_cast<std::size_t>(axis * count + i)] =
                found[static_cast<std::size_t>(i)] / steps[static_cast<std::size_t>(axis)] % x.shape()[static_cast<int>(axis)];
}

void runCompress(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const Tensor& condition = inputOf(context, 1, ElementType::Bool);
    const int size = elementBytes(context, x.type());
    const bool flat = !context.node().has("axis");
    const int axis = flat ? 0 : axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    const AroundAxis around = flat ? AroundAxis{1, x.count(), 1} : aroundAxis(x.shape(), axis);
    if (condition.count() > around.extent)
        context.fail("the condition has " + std::to_string(condition.count()) + " values for " + std::to_string(around.extent) + " elements");
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < condition.count(); ++i)
        if (condition.bytes()[static_cast<std::size_t>(i)] != std::byte(0)) kept.push_back(i);
    Shape shape = flat ? Shape{0} : x.shape();
    shape[axis] = static_cast<std::int64_t>(kept.size());
    std::byte* to = context.outputBytes(0, x.type(), shape);
    const std::int64_t row = around.inner * size;
    for (std::int64_t outer = 0; outer < around.outer; ++outer)
        for (const std::int64_t i : kept) to = std::copy_n(x.bytes().data() + (outer * around.extent + i) * row, row, to);
}

void runUnique(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type());
    const bool flat = !context.node().has("axis"), sorted = context.node().integer("sorted", 1) != 0;
    const int axis = flat ? 0 : axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    const Shape shape = flat ? Shape{x.count()} : x.shape();
    const AroundAxis around = aroundAxis(shape, axis);
    // Slices across the axis become rows: extent × (outer · inner).
    const Shape cut{around.outer, around.extent, around.inner};
    const std::int64_t extent = around.extent, length = around.outer * around.inner;
    const auto rows = context.scratch<std::byte>(x.count() * size);
    transpose(context, x.bytes().data(), cut, std::vector{1, 0, 2}, size, rows.data());
    std::vector<std::int64_t> order(static_cast<std::size_t>(extent)), first, inverse(order.size()), counts;
    std::iota(order.begin(), order.end(), 0);
    const auto group = [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* values = reinterpret_cast<const T*>(rows.data());
        const auto less = [](T a, T b) { return below(Computed<T>(a), Computed<T>(b)); };
        const auto rowLess = [&](std::int64_t a, std::int64_t b) {
            return std::lexicographical_compare(values + a * length, values + (a + 1) * length, values + b * length, values + (b + 1) * length, less);
        };
        std::stable_sort(order.begin(), order.end(), rowLess);
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i == 0 || rowLess(order[i - 1], order[i])) {
                first.push_back(order[i]);  // stable: the earliest of its kind
                counts.push_back(0);
            }
            ++counts.back();
            inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(first.size()) - 1;
        }
    };
    if (x.type() == ElementType::Bool) group(std::type_identity<std::uint8_t>{});
    else if (!visitNumbers(x.type(), group)) refuseType(context, x.type());
    if (!sorted) {  // in the order in which they first appear
        std::vector<std::int64_t> rank(first.size()), place(first.size());
        std::iota(rank.begin(), rank.end(), 0);
        std::sort(rank.begin(), rank.end(), [&](std::int64_t a, std::int64_t b) { return first[static_cast<std::size_t>(a)] < first[static_cast<std::size_t>(b)]; });
        std::vector<std::int64_t> newFirst, newCounts;
        for (std::size_t i = 0; i < rank.size(); ++i) {
            const auto from = static_cast<std::size_t>(rank[i]);
            place[from] = static_cast<std::int64_t>(i);
            newFirst.push_back(first[from]);
            newCounts.push_back(counts[from]);
        }
        for (auto& at : inverse) at = place[static_cast<std::size_t>(at)];
        first = std::move(newFirst);
        counts = std::move(newCounts);
    }
    const auto found = static_cast<std::int64_t>(first.size());
    const auto picked = context.scratch<std::byte>(found * length * size);
    for (std::size_t i = 0; i < first.size(); ++i)
        std::memcpy(picked.data() + static_cast<std::int64_t>(i) * length * size, rows.data() + first[i] * length * size, static_cast<std::size_t>(length * size));
    Shape result = shape;
    result[axis] = found;
    std::byte* out = context.outputBytes(0, x.type(), result);
    transpose(context, picked.data(), Shape{found, around.outer, around.inner}, std::vector{1, 0, 2}, size, out);
    const auto give = [&](std::size_t i, const std::vector<std::int64_t>& values) {
        if (context.wants(i)) context.setOutput(i, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    };
    give(1, first);
    give(2, inverse);
    give(3, counts);
}

void runCumSum(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int axis = axisOf(context, integerIn(context, 1, 0), x.shape().rank());
    const bool exclusive = context.node().integer("exclusive", 0) != 0, reverse = context.node().integer("reverse", 0) != 0;
    const AroundAxis around = aroundAxis(x.shape(), axis);
    std::byte* out = context.outputBytes(0, x.type(), x.shape());
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Sum = std::conditional_t<kIsReal<T>, double, std::uint64_t>;  // integers wrap around
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        T* to = reinterpret_cast<T*>(out);
        context.forRange(around.outer * around.inner, rowsPerChunk(around.extent), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t base = i / around.inner * around.extent * around.inner + i % around.inner;
                Sum sum = 0;
                for (std::int64_t k = 0; k < around.extent; ++k) {
                    const std::int64_t at = base + (reverse ? around.extent - 1 - k : k) * around.inner;
                    const Sum before = sum;
                    sum += Sum(Computed<T>(from[at]));
                    to[at] = T(Computed<T>(exclusive ? before : sum));
                }
            }
        });
    });
    if (!known) refuseType(context, x.type());
}

}  // namespace bitlathe
