#include "core/engine/operators/arguments.h"
#include "core/engine/operators/cached_attention.h"
#include "core/kernels/float_rows.h"

#include <string>

namespace bitlathe {

void runGated(OperatorContext& context) {
    const Tensor &gate = inputOf(context, 0, ElementType::F32), &up = inputOf(context, 1, ElementType::F32);
    if (gate.shape() != up.shape()) context.fail("gate " + toText(gate.shape()) + " and values " + toText(up.shape()) + " differ in shape");
    const std::string name = context.node().text("activation", "silu");
    const bool relu = name == "relu";
    RowFunction function = RowFunction::Swish;
    if (name == "gelu") function = RowFunction::Gelu;
    else if (name == "tanh_gelu") function = RowFunction::TanhGelu;
    else if (name != "silu" && !relu) context.fail("the activation '" + name + "' does not exist");
    const float *g = gate.as<float>().data(), *u = up.as<float>().data();
    float* y = context.outputOver<float>(0, 0, gate.shape()).data();
    const FloatRows& kernels = floatRows(context.machine().isa);
    context.forRange(gate.count(), kCostlyGrain, [&](std::int64_t begin, std::int64_t end) {
        if (relu) for (std::int64_t i = begin; i < end; ++i) y[i] = g[i] < 0 ? 0.0f : g[i];
        else kernels.map(function, {}, g + begin, y + begin, end - begin);
        for (std::int64_t i = begin; i < end; ++i) y[i] *= u[i];
    });
}

}  // namespace bitlathe
