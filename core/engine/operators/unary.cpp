#include "core/engine/operators/unary.h"

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/elements.h"
#include "core/kernels/float_rows.h"

#include <cmath>
#include <type_traits>

namespace bitlathe {

namespace {

template <class T, class F>
void mapRow(OperatorContext& context, const Tensor& x, std::int64_t grain) {
    const T* from = reinterpret_cast<const T*>(x.bytes().data());
    T* to = reinterpret_cast<T*>(context.outputBytesOver(0, 0, x.type(), x.shape()));
    context.forRange(x.count(), grain, [&](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
        for (std::int64_t i = begin; i < end; ++i) to[i] = T(F::of(Computed<T>(from[i])));
    });
}

template <class F>
void mapReals(OperatorContext& context, std::int64_t grain = kCostlyGrain) {
    const Tensor& x = context.input(0);
    if (!visitReals(x.type(), [&](auto tag) { mapRow<typename decltype(tag)::type, F>(context, x, grain); }))
        refuseType(context, x.type());
}

template <class F>
void mapNumbers(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (!visitNumbers(x.type(), [&](auto tag) { mapRow<typename decltype(tag)::type, F>(context, x, kCheapGrain); }))
        refuseType(context, x.type());
}

struct Abs {
    template <class T>
    static T of(T x) {
        if constexpr (std::is_floating_point_v<T>) return std::abs(x);
        else if constexpr (std::is_signed_v<T>) return x < 0 ? T(std::make_unsigned_t<T>(0) - std::make_unsigned_t<T>(x)) : x;
        else return x;
    }
};
struct Neg {
    template <class T>
    static T of(T x) {
        if constexpr (std::is_floating_point_v<T>) return -x;
        else return T(std::make_unsigned_t<T>(0) - std::make_unsigned_t<T>(x));
    }
};
struct Sign {
    template <class T>
    static T of(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }  // keeps NaN and -0
};
struct Reciprocal {
    template <class T>
    static T of(T x) { return T(1) / x; }
};
struct Exp {
    static constexpr RowFunction kRow = RowFunction::Exp;
    template <class T>
    static T of(T x) { return std::exp(x); }
};
struct Erf {
    static constexpr RowFunction kRow = RowFunction::Erf;
    template <class T>
    static T of(T x) { return std::erf(x); }
};

// float32 through the machine's vector kernels, other reals one by one.
template <class F>
void mapRows(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (x.type() != ElementType::F32) return mapReals<F>(context);
    const float* from = x.as<float>().data();
    float* to = context.outputOver<float>(0, 0, x.shape()).data();
    const auto map = floatRows(context.machine().isa).map;
    context.forRange(x.count(), kCostlyGrain, [=](std::int64_t begin, std::int64_t end) { map(F::kRow, {}, from + begin, to + begin, end - begin); });
}

#define BITLATHE_UNARY(Name, function)                \
    struct Name {                                     \
        template <class T>                            \
        static T of(T x) { return std::function(x); } \
    };
BITLATHE_UNARY(Floor, floor)
BITLATHE_UNARY(Ceil, ceil)
BITLATHE_UNARY(Round, nearbyint)
BITLATHE_UNARY(Sqrt, sqrt)
BITLATHE_UNARY(Log, log)
BITLATHE_UNARY(Sin, sin)
BITLATHE_UNARY(Cos, cos)
BITLATHE_UNARY(Tan, tan)
BITLATHE_UNARY(Asin, asin)
BITLATHE_UNARY(Acos, acos)
BITLATHE_UNARY(Atan, atan)
BITLATHE_UNARY(Sinh, sinh)
BITLATHE_UNARY(Cosh, cosh)
BITLATHE_UNARY(Asinh, asinh)
BITLATHE_UNARY(Acosh, acosh)
BITLATHE_UNARY(Atanh, atanh)
#undef BITLATHE_UNARY

}  // namespace

void runAbs(OperatorContext& context) { mapNumbers<Abs>(context); }
void runNeg(OperatorContext& context) { mapNumbers<Neg>(context); }
void runSign(OperatorContext& context) { mapNumbers<Sign>(context); }
void runFloor(OperatorContext& context) { mapReals<Floor>(context, kCheapGrain); }
void runCeil(OperatorContext& context) { mapReals<Ceil>(context, kCheapGrain); }
void runRound(OperatorContext& context) { mapReals<Round>(context, kCheapGrain); }
void runSqrt(OperatorContext& context) { mapReals<Sqrt>(context, kCheapGrain); }
void runReciprocal(OperatorContext& context) { mapReals<Reciprocal>(context, kCheapGrain); }
void runExp(OperatorContext& context) { mapRows<Exp>(context); }
void runLog(OperatorContext& context) { mapReals<Log>(context); }
void runErf(OperatorContext& context) { mapRows<Erf>(context); }
void runSin(OperatorContext& context) { mapReals<Sin>(context); }
void runCos(OperatorContext& context) { mapReals<Cos>(context); }
void runTan(OperatorContext& context) { mapReals<Tan>(context); }
void runAsin(OperatorContext& context) { mapReals<Asin>(context); }
void runAcos(OperatorContext& context) { mapReals<Acos>(context); }
void runAtan(OperatorContext& context) { mapReals<Atan>(context); }
void runSinh(OperatorContext& context) { mapReals<Sinh>(context); }
void runCosh(OperatorContext& context) { mapReals<Cosh>(context); }
void runAsinh(OperatorContext& context) { mapReals<Asinh>(context); }
void runAcosh(OperatorContext& context) { mapReals<Acosh>(context); }
void runAtanh(OperatorContext& context) { mapReals<Atanh>(context); }
void runIdentity(OperatorContext& context) { context.setOutput(0, context.input(0)); }

}  // namespace bitlathe
