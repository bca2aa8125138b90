#include "core/engine/operators/dropout.h"

#include "core/engine/operators/arguments.h"

#include <algorithm>
#include <random>

namespace bitlathe {

void runDropout(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const Tensor* training = context.optional(2);
    const double ratio = numberIn(context, 1, 0.5);
    const bool drops = training && numberIn(context, 2, 0) != 0 && ratio != 0;
    if (!drops) {
        context.setOutput(0, x);
        if (!context.wants(1)) return;
        const auto mask = context.output<bool>(1, x.shape());
        return std::fill(mask.begin(), mask.end(), true);
    }
    if (!context.node().has("seed")) context.refuse("it is set to training and has no seed; export the model for inference");
    if (!(ratio > 0 && ratio < 1)) context.fail("a ratio of " + std::to_string(ratio) + " is impossible");
    const auto from = inputOf(context, 0, ElementType::F32).as<float>();
    const auto to = context.output<float>(0, x.shape());
    const auto mask = context.output<bool>(1, x.shape());
    const auto scale = static_cast<float>(1.0 / (1.0 - ratio));
    std::mt19937 twister(static_cast<std::uint32_t>(context.node().integer("seed", 0)));
    for (std::size_t i = 0; i < from.size(); ++i) {
        // 53 random bits as a number in 0 … 1, from two draws.
        const double high = twister() >> 5, low = twister() >> 6;
        mask[i] = (high * 67108864.0 + low) / 9007199254740992.0 >= ratio;
        to[i] = mask[i] ? from[i] * scale : 0.0f;
    }
}

}  // namespace bitlathe
