#include "core/engine/operators/arguments.h"
#include "core/engine/operators/cached_attention.h"

#include <cmath>

namespace bitlathe {

void runRotaryAngles(OperatorContext& context) {
    const Tensor &positions = inputOf(context, 0, ElementType::I64), &frequencies = inputOf(context, 1, ElementType::F32);
    needRank(context, positions, 2, 2);
    needRank(context, frequencies, 1, 1);
    const std::int64_t half = frequencies.count();
    const Shape shape = checkedShape(context, {positions.shape()[0], positions.shape()[1], half});
    float *cosines = context.output<float>(0, shape).data(), *sines = context.output<float>(1, shape).data();
    const double scale = context.node().real("scale", 1.0f);
    const auto at = positions.as<std::int64_t>();
    const auto by = frequencies.as<float>();
    context.forRange(positions.count(), rowsPerChunk(half, kCostlyGrain / 8), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t)
            for (std::int64_t i = 0; i < half; ++i) {
                const double angle = static_cast<double>(at[static_cast<std::size_t>(t)]) * static_cast<double>(by[static_cast<std::size_t>(i)]);
                cosines[t * half + i] = static_cast<float>(std::cos(angle) * scale);
                sines[t * half + i] = static_cast<float>(std::sin(angle) * scale);
            }
    });
}

}  // namespace bitlathe
