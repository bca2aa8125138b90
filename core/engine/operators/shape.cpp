#include "core/engine/operators/shape.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <string>

namespace bitlathe {

void runReshape(OperatorContext& context) {
    const Tensor& x = context.input(0);
    std::vector<std::int64_t> dims = integersIn(context, 1, "shape");
    const bool zeroIsZero = context.node().integer("allowzero", 0) != 0;
    int open = -1;
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        if (dims[axis] == 0 && !zeroIsZero) {
            if (static_cast<int>(axis) >= x.shape().rank())
                context.fail("the shape copies axis " + std::to_string(axis) + " of an input that has " + std::to_string(x.shape().rank()) + " axes");
            dims[axis] = x.shape()[static_cast<int>(axis)];
        } else if (dims[axis] == -1) {
            if (open >= 0) context.fail("the shape leaves more than one axis open");
            open = static_cast<int>(axis);
        }
    }
    if (open >= 0) {
        dims[static_cast<std::size_t>(open)] = 1;
        const std::int64_t others = checkedShape(context, dims).count();
        if (others == 0 ? x.count() != 0 : x.count() % others != 0)
            context.fail("the input " + toText(x.shape()) + " cannot be cut into pieces of " + std::to_string(others));
        dims[static_cast<std::size_t>(open)] = others == 0 ? 0 : x.count() / others;
    }
    Shape shape = checkedShape(context, std::move(dims));
    if (shape.count() != x.count())
        context.fail("the input " + toText(x.shape()) + " does not have the elements of " + toText(shape));
    context.setOutput(0, x.reshaped(std::move(shape)));
}

void runFlatten(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int rank = x.shape().rank();
    auto axis = context.node().integer("axis", 1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis > rank) context.fail("axis lies outside the input's rank " + std::to_string(rank));
    const int at = static_cast<int>(axis);
    context.setOutput(0, x.reshaped(Shape{x.shape().count(0, at), x.shape().count(at, rank)}));
}

void runSqueeze(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const bool named = context.optional(1) || context.node().has("axes");
    const std::vector<int> axes = axesOf(context, integersIn(context, 1, "axes"), x.shape().rank());
    std::vector<std::int64_t> dims;
    for (int axis = 0; axis < x.shape().rank(); ++axis) {
        const bool drop = named ? std::binary_search(axes.begin(), axes.end(), axis) : x.shape()[axis] == 1;
        if (drop && x.shape()[axis] != 1)
            context.fail("axis " + std::to_string(axis) + " of " + toText(x.shape()) + " is not of extent 1");
        if (!drop) dims.push_back(x.shape()[axis]);
    }
    context.setOutput(0, x.reshaped(Shape(std::move(dims))));
}

void runUnsqueeze(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const std::vector<std::int64_t> given = integersIn(context, 1, "axes");
    const int rank = x.shape().rank() + static_cast<int>(given.size());
    const std::vector<int> axes = axesOf(context, given, rank);
    std::vector<std::int64_t> dims;
    int from = 0;
    for (int axis = 0; axis < rank; ++axis)
        dims.push_back(std::binary_search(axes.begin(), axes.end(), axis) ? 1 : x.shape()[from++]);
    context.setOutput(0, x.reshaped(Shape(std::move(dims))));
}

void runShape(OperatorContext& context) {
    const Shape& shape = context.input(0).shape();
    const std::int64_t rank = shape.rank();
    const auto bound = [&](std::string_view key, std::int64_t absent) {
        const std::int64_t at = context.node().integer(key, absent);
        return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const std::int64_t begin = bound("start", 0), end = std::max(begin, bound("end", rank));
    context.setOutput(0, Tensor::of(Shape{end - begin}, std::vector<std::int64_t>(shape.begin() + begin, shape.begin() + end)));
}

void runSize(OperatorContext& context) { context.setOutput(0, Tensor::scalar<std::int64_t>(context.input(0).count())); }

}  // namespace bitlathe
