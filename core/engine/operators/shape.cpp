#include "core/engine/operators/shape.h"

#include "core/engine/operator.h"

namespace bitlathe {

void runFlatten(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const int rank = x.shape().rank();
    auto axis = context.node().integer("axis", 1);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis > rank) context.fail("axis lies outside the input's rank " + std::to_string(rank));
    const int at = static_cast<int>(axis);
    context.setOutput(0, x.reshaped(Shape{x.shape().count(0, at), x.shape().count(at, rank)}));
}

}  // namespace bitlathe
