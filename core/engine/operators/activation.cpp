#include "core/engine/operators/activation.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/engine/operators/float_math.h"

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

// y = f(x + bias), the bias (may be absent) along the last axis.
template <class F>
void mapBiased(OperatorContext& context, F f) {
    const Tensor* bias = context.optional(1);
    if (!bias) return mapFloats(context, kCostlyGrain, f);
    const Tensor& x = inputOf(context, 0, ElementType::F32);
    needRank(context, x, 1);
    const std::int64_t width = x.shape()[x.shape().rank() - 1];
    if (inputOf(context, 1, ElementType::F32).shape() != Shape{width})
        context.fail("the bias " + toText(bias->shape()) + " does not fit the input " + toText(x.shape()));
    const float *from = x.as<float>().data(), *b = bias->as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    context.forRange(width == 0 ? 0 : x.count() / width, rowsPerChunk(width, kCostlyGrain), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const float* in = from + row * width;
            float* out = to + row * width;
#pragma GCC ivdep
            for (std::int64_t i = 0; i < width; ++i) out[i] = f(in[i] + b[i]);
        }
    });
}

inline float tanhGelu(float x) { return 0.5f * x * (1.0f + tanh32(0.797884561f * (x + 0.044715f * x * x * x))); }

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

void runElu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.0f);
    mapFloats(context, kCostlyGrain, [=](float x) { return x < 0.0f ? alpha * expm1_32(x) : x; });
}

void runSelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.67326319f), gamma = context.node().real("gamma", 1.05070102f);
    mapFloats(context, kCostlyGrain, [=](float x) { return gamma * (x < 0.0f ? alpha * expm1_32(x) : x); });
}

void runCelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.0f);
    mapFloats(context, kCostlyGrain, [=](float x) { return x < 0.0f ? alpha * expm1_32(x / alpha) : x; });
}

void runSigmoid(OperatorContext& context) { mapFloats(context, kCostlyGrain, [](float x) { return sigmoid32(x); }); }
void runTanh(OperatorContext& context) { mapFloats(context, kCostlyGrain, [](float x) { return tanh32(x); }); }

void runHardSigmoid(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 0.2f), beta = context.node().real("beta", 0.5f);
    mapFloats(context, kCheapGrain, [=](float x) {
        const float y = alpha * x + beta;
        return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
    });
}

void runHardSwish(OperatorContext& context) {
    mapFloats(context, kCheapGrain, [](float x) {
        const float y = x * (1.0f / 6.0f) + 0.5f;
        return x * (y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y);
    });
}

void runSwish(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.0f);
    mapFloats(context, kCostlyGrain, [=](float x) { return x * sigmoid32(alpha * x); });
}

void runQuickGelu(OperatorContext& context) {
    const float alpha = context.node().real("alpha", 1.702f);
    mapFloats(context, kCostlyGrain, [=](float x) { return x * sigmoid32(alpha * x); });
}

void runMish(OperatorContext& context) {
    // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2), and 1 in float32 from x = 20 on.
    mapFloats(context, kCostlyGrain, [](float x) {
        const float e = exp32(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);
        return x * (n / (n + 2.0f));
    });
}

void runGelu(OperatorContext& context) {
    const std::string form = context.node().text("approximate", "none");
    if (form == "tanh") mapFloats(context, kCostlyGrain, [](float x) { return tanhGelu(x); });
    else if (form == "none") mapFloats(context, kCostlyGrain, [](float x) { return gelu32(x); });
    else context.fail("approximate must be none or tanh, not '" + form + "'");
}

void runFastGelu(OperatorContext& context) { mapBiased(context, [](float x) { return tanhGelu(x); }); }
void runBiasGelu(OperatorContext& context) { mapBiased(context, [](float x) { return gelu32(x); }); }

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
