#include "core/engine/operators/activation.h"

#include "core/engine/operator.h"

namespace bitlathe {

void runRelu(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (x.type() != ElementType::F32) context.refuse("works on float tensors only, not on " + std::string(nameOf(x.type())));
    const auto from = x.as<float>();
    const auto to = context.outputOver<float>(0, 0, x.shape());
    context.forRange(x.count(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) to[i] = from[i] < 0.0f ? 0.0f : from[i];
    });
}

}  // namespace bitlathe
