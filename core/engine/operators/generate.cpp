#include "core/engine/operators/generate.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/cast.h"
#include "core/engine/operators/elements.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

namespace bitlathe {

namespace {

// Fills `count` elements with the bytes of one.
void fillElements(OperatorContext& context, const std::byte* element, ElementType type, std::int64_t count, std::byte* to) {
    visitWidths(type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        T value;
        std::memcpy(&value, element, sizeof value);
        T* out = reinterpret_cast<T*>(to);
        context.forRange(count, kCheapGrain, [=](std::int64_t begin, std::int64_t end) { std::fill(out + begin, out + end, value); });
    });
}

template <class T>
void writeNumber(std::byte* to, T value) { std::memcpy(to, &value, sizeof value); }

// The bytes of 1 in a number type.
std::array<std::byte, 8> oneOf(const OperatorContext& context, ElementType type) {
    std::array<std::byte, 8> bytes{};
    if (type == ElementType::Bool) bytes[0] = std::byte(1);
    else if (!visitNumbers(type, [&](auto tag) { writeNumber(bytes.data(), typename decltype(tag)::type(Computed<typename decltype(tag)::type>(1))); }))
        refuseType(context, type);
    return bytes;
}

}  // namespace

void runConstant(OperatorContext& context) {
    const Node& node = context.node();
    if (const Tensor* value = node.tensor("value")) return context.setOutput(0, *value);
    if (node.has("value_float")) return context.setOutput(0, Tensor::scalar(node.real("value_float", 0)));
    if (node.has("value_int")) return context.setOutput(0, Tensor::scalar(node.integer("value_int", 0)));
    if (node.has("value_floats")) {
        const auto values = node.reals("value_floats");
        return context.setOutput(0, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    }
    if (node.has("value_ints")) {
        const auto values = node.integers("value_ints");
        return context.setOutput(0, Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    }
    context.refuse("its value is a string or a sparse tensor, which the engine does not compute with");
}

void runConstantOfShape(OperatorContext& context) {
    context.input(0);
    const Shape shape = checkedShape(context, integersIn(context, 0));
    const Tensor* value = context.node().tensor("value");
    const ElementType type = value ? value->type() : ElementType::F32;
    const int size = elementBytes(context, type);
    if (value && value->count() != 1) context.fail("its value must be one number");
    std::array<std::byte, 8> element{};
    if (value) std::copy_n(value->bytes().data(), size, element.data());
    fillElements(context, element.data(), type, shape.count(), context.outputBytes(0, type, shape));
}

void runRange(OperatorContext& context) {
    const Tensor &start = context.input(0), &limit = context.input(1), &delta = context.input(2);
    needSameType(context, start, limit);
    needSameType(context, start, delta);
    const double a = numberIn(context, 0, 0), b = numberIn(context, 1, 0), step = numberIn(context, 2, 1);
    if (step == 0 || std::isnan(step) || !std::isfinite(a) || !std::isfinite(b)) context.fail("a range with these limits never ends");
    const double count = std::max(0.0, std::ceil((b - a) / step));
    if (count > 0x1p40) context.fail("a range of " + std::to_string(count) + " numbers is impossible");
    const Shape shape{static_cast<std::int64_t>(count)};
    std::byte* out = context.outputBytes(0, start.type(), shape);
    const bool known = visitNumbers(start.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using X = Computed<T>;
        const X first = X(reinterpret_cast<const T*>(start.bytes().data())[0]), by = X(reinterpret_cast<const T*>(delta.bytes().data())[0]);
        T* to = reinterpret_cast<T*>(out);
        using Sum = std::conditional_t<std::is_integral_v<X>, std::uint64_t, X>;
        for (std::int64_t i = 0; i < shape[0]; ++i) to[i] = T(X(Sum(first) + Sum(i) * Sum(by)));
    });
    if (!known) refuseType(context, start.type());
}

void runEyeLike(OperatorContext& context) {
    const Tensor& x = context.input(0);
    needRank(context, x, 2, 2);
    ElementType type = x.type();
    if (context.node().has("dtype")) {
        const auto named = elementTypeOfOnnx(context.node().integer("dtype", 1));
        if (!named) context.fail("dtype " + std::to_string(context.node().integer("dtype", 1)) + " is not a number type");
        type = *named;
    }
    const int size = elementBytes(context, type);
    const auto one = oneOf(context, type);
    const std::int64_t rows = x.shape()[0], columns = x.shape()[1], shift = context.node().integer("k", 0);
    std::byte* out = context.outputBytes(0, type, x.shape());
    std::fill_n(out, rows * columns * size, std::byte(0));
    if (shift <= -rows || shift >= columns) return;
    for (std::int64_t row = std::max<std::int64_t>(0, -shift); row < std::min(rows, columns - shift); ++row)
        std::copy_n(one.data(), size, out + (row * columns + row + shift) * size);
}

void runOneHot(OperatorContext& context) {
    const Tensor &indices = context.input(0), &values = context.input(2);
    const int size = elementBytes(context, values.type());
    if (values.count() != 2) context.fail("values must be two numbers: off and on");
    const double depthNumber = numberIn(context, 1, 0);
    if (!(depthNumber >= 0 && depthNumber < 0x1p40)) context.fail("a depth of " + std::to_string(depthNumber) + " is impossible");
    const auto depth = static_cast<std::int64_t>(depthNumber);
    const int axis = axisOf(context, context.node().integer("axis", -1), indices.shape().rank() + 1);
    std::vector<std::int64_t> dims = indices.shape().dims();
    dims.insert(dims.begin() + axis, depth);
    const Shape shape = checkedShape(context, std::move(dims));
    const AroundAxis around = aroundAxis(shape, axis);
    std::byte* out = context.outputBytes(0, values.type(), shape);
    fillElements(context, values.bytes().data(), values.type(), shape.count(), out);
    const std::vector<std::int64_t> hot = toInt64(indices);
    for (std::int64_t i = 0; i < around.outer * around.inner; ++i) {
        std::int64_t index = hot[static_cast<std::size_t>(i)];
        if (index < 0) index += depth;
        if (index < 0 || index >= depth) continue;  // outside: the whole row stays off
        const std::int64_t outer = i / around.inner, inner = i % around.inner;
        std::copy_n(values.bytes().data() + size, size, out + ((outer * depth + index) * around.inner + inner) * size);
    }
}

void runTrilu(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int size = elementBytes(context, x.type()), rank = x.shape().rank();
    needRank(context, x, 2);
    const bool upper = context.node().integer("upper", 1) != 0;
    const std::int64_t rows = x.shape()[rank - 2], columns = x.shape()[rank - 1];
    const std::int64_t shift = std::clamp<std::int64_t>(integerIn(context, 1, 0), -rows - 1, columns + 1);
    std::byte* out = context.outputBytes(0, x.type(), x.shape());
    const std::byte* from = x.bytes().data();
    if (x.count() == 0) return;
    context.forRange(x.count() / columns, rowsPerChunk(columns), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
            // Columns first … last stay; the others become 0.
            const std::int64_t diagonal = at % rows + shift;
            const std::int64_t first = upper ? std::clamp<std::int64_t>(diagonal, 0, columns) : 0;
            const std::int64_t last = upper ? columns : std::clamp<std::int64_t>(diagonal + 1, 0, columns);
            std::byte* row = out + at * columns * size;
            std::fill_n(row, first * size, std::byte(0));
            std::copy_n(from + (at * columns + first) * size, (last - first) * size, row + first * size);
            std::fill_n(row + last * size, (columns - last) * size, std::byte(0));
        }
    });
}

}  // namespace bitlathe
