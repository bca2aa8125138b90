#include "core/engine/operators/gather.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/strided.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace bitlathe {

namespace {

std::int64_t checkedIndex(const OperatorContext& context, std::int64_t index, std::int64_t extent) {
    if (index < -extent || index >= extent)
        context.fail("index " + std::to_string(index) + " lies outside an axis of extent " + std::to_string(extent));
    return index < 0 ? index + extent : index;
}

// The indices in input i, all checked against one extent.
std::vector<std::int64_t> indicesIn(OperatorContext& context, std::size_t i, std::int64_t extent) {
    context.input(i);
    std::vector<std::int64_t> indices = integersIn(context, i);
    for (auto& index : indices) index = checkedIndex(context, index, extent);
    return indices;
}

// How an update joins what is already there.
enum class Join { None, Add, Mul, Min, Max };

Join joinOf(OperatorContext& context) {
    const std::string name = context.node().text("reduction", "none");
    if (name == "none") return Join::None;
    if (name == "add") return Join::Add;
    if (name == "mul") return Join::Mul;
    if (name == "min") return Join::Min;
    if (name == "max") return Join::Max;
    context.fail("reduction must be none, add, mul, min or max, not '" + name + "'");
}

template <class T>
T joined(T oldValue, T update, Join join) {
    using X = Computed<T>;
    const X a = X(oldValue), b = X(update);
    using Sum = std::conditional_t<std::is_integral_v<X>, std::uint64_t, X>;  // integers wrap around
    switch (join) {
    case Join::None: return update;
    case Join::Add: return T(X(Sum(a) + Sum(b)));
    case Join::Mul: return T(X(Sum(a) * Sum(b)));
    case Join::Min: return b < a || b != b ? update : oldValue;
    case Join::Max: return b > a || b != b ? update : oldValue;
    }
    return update;
}

// Joins `count` updates to what lies at `to`; both hold elements of `type`.
void joinRow(const OperatorContext& context, ElementType type, Join join, const std::byte* updates, std::byte* to, std::int64_t count) {
    const int size = bitsOf(type) / 8;
    if (join == Join::None) {
        std::memcpy(to, updates, static_cast<std::size_t>(count * size));
        return;
    }
    const bool known = visitNumbers(type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(updates);
        T* goal = reinterpret_cast<T*>(to);
        for (std::int64_t i = 0; i < count; ++i) goal[i] = joined(goal[i], from[i], join);
    });
    if (!known) refuseType(context, type);
}

// Tuples of indices into the first axes of a shape, each turned into an offset in elements.
struct IndexTuples {
    std::vector<std::int64_t> offsets;
    std::int64_t slice = 1;  // elements behind each tuple
};

// indices: … × tuple length; the tuples address the axes of `shape` behind the first batchAxes ones.
IndexTuples indexTuples(OperatorContext& context, std::size_t input, const Shape& shape, int batchAxes) {
    const Tensor& tensor = context.input(input);
    needRank(context, tensor, 1);
    const int tupleLength = static_cast<int>(std::min<std::int64_t>(tensor.shape()[tensor.shape().rank() - 1], 64));
    const int rank = shape.rank();
    if (tensor.shape()[tensor.shape().rank() - 1] > rank - batchAxes)
        context.fail("index tuples of length " + std::to_string(tupleLength) + " are too long for " + toText(shape));
    const std::vector<std::int64_t> indices = integersIn(context, input), steps = stridesOf(shape);
    IndexTuples tuples;
    tuples.slice = shape.count(batchAxes + tupleLength, rank);
    const std::int64_t count = tensor.shape().count(0, tensor.shape().rank() - 1);
    const std::int64_t batches = shape.count(0, batchAxes), batchStep = shape.count(batchAxes, rank);
    tuples.offsets.resize(static_cast<std::size_t>(count));
    for (std::int64_t t = 0; t < count; ++t) {
        std::int64_t offset = batches == 0 ? 0 : t / std::max<std::int64_t>(1, count / batches) * batchStep;
        for (int k = 0; k < tupleLength; ++k) {
            const int axis = batchAxes + k;
            offset += checkedIndex(context, indices[static_cast<std::size_t>(t * tupleLength + k)], shape[axis]) * steps[static_cast<std::size_t>(axis)];
        }
        tuples.offsets[static_cast<std::size_t>(t)] = offset;
    }
    return tuples;
}

// Checks that a and b agree on all axes but one, b being no larger there than a anywhere.
void needSameAxes(const OperatorContext& context, const Shape& data, const Shape& indices, int axis) {
    bool fits = data.rank() == indices.rank();
    for (int a = 0; fits && a < data.rank(); ++a) fits = a == axis || indices[a] <= data[a];
    if (!fits) context.fail("indices of shape " + toText(indices) + " do not fit " + toText(data));
}

// For every element of `indices`, in order: body(i, offset in data of the element that it points to).
template <class F>
void forEachIndexed(const OperatorContext& context, const Shape& data, const Shape& indices, std::span<const std::int64_t> values, int axis, F&& body) {
    const std::vector<std::int64_t> steps = stridesOf(data);
    std::vector<std::int64_t> at(static_cast<std::size_t>(data.rank()), 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::int64_t offset = 0;
        for (int a = 0; a < data.rank(); ++a)
            offset += (a == axis ? checkedIndex(context, values[i], data[a]) : at[static_cast<std::size_t>(a)]) * steps[static_cast<std::size_t>(a)];
        body(static_cast<std::int64_t>(i), offset);
        for (int a = data.rank() - 1; a >= 0; --a) {
            if (++at[static_cast<std::size_t>(a)] < indices[a]) break;
            at[static_cast<std::size_t>(a)] = 0;
        }
    }
}

}  // namespace

void runGather(OperatorContext& context) {
    const Tensor &x = context.input(0), &indices = context.input(1);
    const int size = elementBytes(context, x.type());
    const int axis = axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    const AroundAxis around = aroundAxis(x.shape(), axis);
    const std::vector<std::int64_t> rows = indicesIn(context, 1, around.extent);
    std::vector<std::int64_t> dims(x.shape().begin(), x.shape().begin() + axis);
    dims.insert(dims.end(), indices.shape().begin(), indices.shape().end());
    dims.insert(dims.end(), x.shape().begin() + axis + 1, x.shape().end());
    std::byte* out = context.outputBytes(0, x.type(), checkedShape(context, std::move(dims)));
    const std::byte* from = x.bytes().data();
    const auto count = static_cast<std::int64_t>(rows.size());
    const std::int64_t row = around.inner * size;
    if (row == 0) return;
    const auto gather = [&](auto copy) {
        context.forRange(around.outer * count, rowsPerChunk(row, 4 * kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
                copy(from + (i / count * around.extent + rows[static_cast<std::size_t>(i % count)]) * row, out + i * row);
        });
    };
    if (row == 8) gather([](const std::byte* a, std::byte* b) { std::memcpy(b, a, 8); });
    else if (row == 4) gather([](const std::byte* a, std::byte* b) { std::memcpy(b, a, 4); });
    else gather([row](const std::byte* a, std::byte* b) { std::memcpy(b, a, static_cast<std::size_t>(row)); });
}

void runGatherElements(OperatorContext& context) {
    const Tensor &x = context.input(0), &indices = context.input(1);
    const int size = elementBytes(context, x.type());
    const int axis = axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    needSameAxes(context, x.shape(), indices.shape(), axis);
    const std::vector<std::int64_t> values = integersIn(context, 1);
    std::byte* out = context.outputBytes(0, x.type(), indices.shape());
    visitWidths(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = reinterpret_cast<const T*>(x.bytes().data());
        T* to = reinterpret_cast<T*>(out);
        forEachIndexed(context, x.shape(), indices.shape(), values, axis, [&](std::int64_t i, std::int64_t offset) { to[i] = from[offset]; });
    });
    (void)size;
}

void runGatherND(OperatorContext& context) {
    const Tensor &x = context.input(0), &indices = context.input(1);
    const int size = elementBytes(context, x.type());
    needRank(context, x, 1);
    needRank(context, indices, 1);
    const std::int64_t batchAxes = context.node().integer("batch_dims", 0);
    if (batchAxes < 0 || batchAxes >= std::min(x.shape().rank(), indices.shape().rank())) context.fail("batch_dims " + std::to_string(batchAxes) + " is impossible");
    const int batch = static_cast<int>(batchAxes);
    for (int axis = 0; axis < batch; ++axis)
        if (x.shape()[axis] != indices.shape()[axis]) context.fail("indices of shape " + toText(indices.shape()) + " do not fit " + toText(x.shape()));
    const IndexTuples tuples = indexTuples(context, 1, x.shape(), batch);
    std::vector<std::int64_t> dims(indices.shape().begin(), indices.shape().end() - 1);
    dims.insert(dims.end(), x.shape().begin() + batch + indices.shape()[indices.shape().rank() - 1], x.shape().end());
    std::byte* out = context.outputBytes(0, x.type(), checkedShape(context, std::move(dims)));
    const std::int64_t row = tuples.slice * size;
    if (row == 0) return;
    context.forRange(static_cast<std::int64_t>(tuples.offsets.size()), rowsPerChunk(row, 4 * kCheapGrain), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            std::memcpy(out + i * row, x.bytes().data() + tuples.offsets[static_cast<std::size_t>(i)] * size, static_cast<std::size_t>(row));
    });
}

void runScatterElements(OperatorContext& context) {
    const Tensor &x = context.input(0), &indices = context.input(1), &updates = context.input(2);
    const int size = elementBytes(context, x.type());
    needSameType(context, x, updates);
    const int axis = axisOf(context, context.node().integer("axis", 0), x.shape().rank());
    needSameAxes(context, x.shape(), indices.shape(), axis);
    if (updates.shape() != indices.shape()) context.fail("updates " + toText(updates.shape()) + " and indices " + toText(indices.shape()) + " differ in shape");
    const Join join = joinOf(context);
    const std::vector<std::int64_t> values = integersIn(context, 1);
    std::byte* out = copyToOutput(context, 0);
    forEachIndexed(context, x.shape(), indices.shape(), values, axis, [&](std::int64_t i, std::int64_t offset) {
        joinRow(context, x.type(), join, updates.bytes().data() + i * size, out + offset * size, 1);
    });
}

void runScatterND(OperatorContext& context) {
    const Tensor &x = context.input(0), &updates = context.input(2);
    const int size = elementBytes(context, x.type());
    needSameType(context, x, updates);
    needRank(context, x, 1);
    const Join join = joinOf(context);
    const IndexTuples tuples = indexTuples(context, 1, x.shape(), 0);
    if (updates.count() != static_cast<std::int64_t>(tuples.offsets.size()) * tuples.slice)
        context.fail("updates of shape " + toText(updates.shape()) + " do not fit the indices " + toText(context.input(1).shape()));
    std::byte* out = copyToOutput(context, 0);
    for (std::size_t i = 0; i < tuples.offsets.size(); ++i)
        joinRow(context, x.type(), join, updates.bytes().data() + static_cast<std::int64_t>(i) * tuples.slice * size,
                out + tuples.offsets[i] * size, tuples.slice);
}

}  // namespace bitlathe
