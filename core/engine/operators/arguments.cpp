#include "core/engine/operators/arguments.h"

#include "core/tensor/convert.h"

#include <algorithm>
#include <string>

namespace bitlathe {

int axisOf(const OperatorContext& context, std::int64_t axis, int rank) {
    if (axis < -rank || axis >= rank)
        context.fail("axis " + std::to_string(axis) + " does not exist in a tensor with " + std::to_string(rank) + " axes");
    return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int> axesOf(const OperatorContext& context, std::span<const std::int64_t> axes, int rank) {
    std::vector<int> result;
    for (const std::int64_t axis : axes) result.push_back(axisOf(context, axis, rank));
    std::sort(result.begin(), result.end());
    const auto twice = std::adjacent_find(result.begin(), result.end());
    if (twice != result.end()) context.fail("axis " + std::to_string(*twice) + " is named twice");
    return result;
}

std::vector<std::int64_t> integersIn(const OperatorContext& context, std::size_t i) {
    const Tensor* tensor = context.optional(i);
    if (!tensor) return {};
    if (!isInteger(tensor->type()) && tensor->type() != ElementType::Bool)
        context.fail("input " + std::to_string(i) + " must hold integers, not " + std::string(nameOf(tensor->type())));
    return toInt64(*tensor);
}

std::vector<std::int64_t> integersIn(const OperatorContext& context, std::size_t i, std::string_view attribute) {
    if (context.optional(i)) return integersIn(context, i);
    return context.node().integers(attribute);
}

double numberIn(const OperatorContext& context, std::size_t i, double absent) {
    const Tensor* tensor = context.optional(i);
    if (!tensor) return absent;
    if (tensor->count() != 1 || tensor->type() == ElementType::String)
        context.fail("input " + std::to_string(i) + " must hold one number, not " + toText(tensor->shape()));
    return elementAt(tensor->type(), tensor->bytes().data(), 0);
}

std::int64_t integerIn(const OperatorContext& context, std::size_t i, std::int64_t absent) {
    if (!context.optional(i)) return absent;
    const auto values = integersIn(context, i);
    if (values.size() != 1) context.fail("input " + std::to_string(i) + " must hold one integer");
    return values[0];
}

int elementBytes(OperatorContext& context, ElementType type) {
    const int bits = bitsOf(type);
    if (bits < 8) refuseType(context, type);
    return bits / 8;
}

const Tensor& inputOf(OperatorContext& context, std::size_t i, ElementType type) {
    const Tensor& tensor = context.input(i);
    if (tensor.type() != type)
        context.fail("input " + std::to_string(i) + " must be " + std::string(nameOf(type)) + ", not " +
                     std::string(nameOf(tensor.type())));
    return tensor;
}

void refuseType(const OperatorContext& context, ElementType type) {
    context.refuse("the engine does not compute it for " + std::string(nameOf(type)));
}

void needRank(const OperatorContext& context, const Tensor& tensor, int least, int most) {
    const int rank = tensor.shape().rank();
    if (rank < least || rank > most)
        context.fail("an input has shape " + toText(tensor.shape()) + ", but " + std::to_string(least) +
                     (most == least ? "" : most >= 64 ? " or more" : " to " + std::to_string(most)) + " axes are needed");
}

void needSameType(const OperatorContext& context, const Tensor& a, const Tensor& b) {
    if (a.type() != b.type())
        context.fail("its inputs differ in type: " + std::string(nameOf(a.type())) + " and " + std::string(nameOf(b.type())));
}

Shape checkedShape(const OperatorContext& context, std::vector<std::int64_t> dims) {
    Shape shape(std::move(dims));
    if (!checkedCount(shape.dims())) context.fail("the shape of its output is impossible: " + toText(shape));
    return shape;
}

AroundAxis aroundAxis(const Shape& shape, int axis) {
    return {shape.count(0, axis), shape[axis], shape.count(axis + 1, shape.rank())};
}

std::int64_t rowsPerChunk(std::int64_t rowLength, std::int64_t grain) noexcept {
    return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, rowLength));
}

}  // namespace bitlathe
