#include "core/engine/operators/activation.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/kernels/float_math.h"
#include "core/kernels/float_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

// y[i] = f(x[i]) over float32, in place where x dies here.
template <class F>
void mapFloats(OperatorContext& context, std::int64_t grain, F f) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    context.forRange(x.count(), grain, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
        for (std::int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
    });
}

// The functions that cost more than memory: vector kernels of the machine's instruction set.
void mapRows(OperatorContext& context, RowFunction function, const RowConstants& constants = {}) {
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    const auto map = floatRows(context.machine().isa).map;
    context.forRange(x.count(), kCostlyGrain, [=](std::int64_t begin, std::int64_t end) { map(function, constants, from + begin, to + begin, end - begin); });
}

// y = f(x + bias), the bias (may be absent) along the last axis.
void mapBiased(OperatorContext& context, RowFunction function) {
    const Tensor* bias = context.optional(1);
    if (!bias) return mapRows(context, function);
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 1);
    const std::int64_t width = x.shape()[x.shape().rank() - 1];
    if (inputOf(context, 1, ElementType::F32).shape() != Shape{width})
        context.fail("the bias " + toText(bias->shape()) + " does not fit the input " + toText(x.shape()));
    const float *from = x.as<float>().data(), *b = bias->as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    const auto map = floatRows(context.machine().isa).map;
    context.forRange(width == 0 ? 0 : x.count() / width, rowsPerChunk(width, kCostlyGrain), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const float* in = from + row * width;
            float* out = to + row * width;
#pragma GCC ivdep
            for (std::int64_t i = 0; i < width; ++i) out[i] = in[i] + b[i];
            map(function, {}, out, out, width);
        }
    });
}

template <class T, class F>
void mapSameType(OperatorContext& context, const Tensor& x, F f) {
    const T* from = reinterpret_cast<const T*>(x.bytes().data());
    T* to = reinterpret_cast<T*>(context.outputBytesOver(0, 0, x.type(), x.shape()));
    context.forRange(x.count(), kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
        for (std::int64_t i = begin; i < end; ++i) to[i] = T(f(Computed<T>(from[i])));
    });
}

// A bound of Clip in the type of x: input i, or the attribute of older opsets.
template <class X>
X boundOf(OperatorContext& context, std::size_t i, std::string_view attribute, X absent) {
    const Tensor* tensor = context.optional(i);
    if (!tensor) return context.node().has(attribute) ? X(context.node().real(attribute, 0.0f)) : absent;
    needSameType(context, context.input(0), *tensor);
    if (tensor->count() != 1) context.fail("min and max must be single numbers");
    if constexpr (std::is_integral_v<X>) {
        X value;
        std::copy_n(tensor->bytes().data(), sizeof value, reinterpret_cast<std::byte*>(&value));
        return value;
    }
    return X(elementAt(tensor->type(), tensor->bytes().data(), 0));
}

}  // namespace

void runRelu(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        mapSameType<T>(context, x, [](Computed<T> v) { return v < Computed<T>(0) ? Computed<T>(0) : v; });
    });
    if (!known) refuseType(context, x.type());
}

void runClip(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const bool known = visitNumbers(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using X = Computed<T>;
        using Limits = std::numeric_limits<X>;
        const X low = boundOf<X>(context, 1, "min", kIsReal<T> ? -Limits::infinity() : Limits::min());
        const X high = boundOf<X>(context, 2, "max", kIsReal<T> ? Limits::infinity() : Limits::max());
        mapSameType<T>(context, x, [=](X v) {
            const X raised = v < low ? low : v;
            return raised > high ? high : raised;
        });
    });
    if (!known) refuseType(context, x.type());
}

void runLeakyRelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 0.01f);
    mapFloats(context, kCheapGrain, [=](float x) { return x < 0.0f ? alpha * x : x; });
}

void runThresholdedRelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.0f);
    mapFloats(context, kCheapGrain, [=](float x) { return x <= alpha ? 0.0f : x; });
}

void runElu(OperatorContext& context) { mapRows(context, RowFunction::Elu, {.a = context.node().real("alpha", 1.0f)}); }

void runSelu(OperatorContext& context) {
    mapRows(context, RowFunction::Elu, {.a = context.node().real("alpha", 1.67326319f), .b = context.node().real("gamma", 1.05070102f)});
}

void runCelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.0f);
    mapRows(context, RowFunction::Elu, {.a = alpha, .c = alpha});
}

void runSigmoid(OperatorContext& context) { mapRows(context, RowFunction::Sigmoid); }
void runTanh(OperatorContext& context) { mapRows(context, RowFunction::Tanh); }
void runMish(OperatorContext& context) { mapRows(context, RowFunction::Mish); }
void runHardSwish(OperatorContext& context) { mapRows(context, RowFunction::HardSwish, {.a = 1.0f / 6.0f, .b = 0.5f}); }
void runSwish(OperatorContext& context) { mapRows(context, RowFunction::Swish, {.a = context.node().real("alpha", 1.0f)}); }
void runQuickGelu(OperatorContext& context) { mapRows(context, RowFunction::Swish, {.a = context.node().real("alpha", 1.702f)}); }

void runHardSigmoid(OperatorContext& context) {
    mapRows(context, RowFunction::HardSigmoid, {.a = context.node().real("alpha", 0.2f), .b = context.node().real("beta", 0.5f)});
}

void runGelu(OperatorContext& context) {
    const std::string form = context.node().text("approximate", "none");
    if (form != "none" && form != "tanh") context.fail("approximate must be none or tanh, not '" + form + "'");
    mapRows(context, form == "tanh" ? RowFunction::TanhGelu : RowFunction::Gelu);
}

void runFastGelu(OperatorContext& context) { mapBiased(context, RowFunction::TanhGelu); }
void runBiasGelu(OperatorContext& context) { mapBiased(context, RowFunction::Gelu); }

void runSoftplus(OperatorContext& context) {
    mapFloats(context, kCostlyGrain, [](float x) { return (x > 0.0f ? x : 0.0f) + std::log1p(exp32(-absolute32(x))); });
}

void runSoftsign(OperatorContext& context) {
    mapFloats(context, kCheapGrain, [](float x) { return x / (1.0f + absolute32(x)); });
}

void runShrink(OperatorContext& context) {
    const float lambda = context.node().real("lambd", 0.5f), bias = context.node().real("bias", 0.0f);
    mapFloats(context, kCheapGrain, [=](float x) { return x < -lambda ? x + bias : x > lambda ? x - bias : x != x ? x : 0.0f; });
}

}  // namespace bitlathe
