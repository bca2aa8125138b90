#include "core/engine/operators/arithmetic.h"

#include "core/engine/operators/row_pair.h"

#include <cmath>
#include <limits>
#include <type_traits>

namespace bitlathe {

namespace {

// Integers wrap around; unsigned arithmetic of at least 32 bits says so without undefined behaviour.
template <class T>
using Wrapping = std::common_type_t<std::make_unsigned_t<T>, unsigned>;

struct Add {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_integral_v<T>) return T(Wrapping<T>(a) + Wrapping<T>(b));
        else return a + b;
    }
};

struct Sub {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_integral_v<T>) return T(Wrapping<T>(a) - Wrapping<T>(b));
        else return a - b;
    }
};

struct Mul {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_integral_v<T>) return T(Wrapping<T>(a) * Wrapping<T>(b));
        else return a * b;
    }
};

struct Div {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_integral_v<T>) {
            if (b == 0) return 0;
            if constexpr (std::is_signed_v<T>)
                if (b == T(-1)) return T(Wrapping<T>(0) - Wrapping<T>(a));  // the least number has no negative
            return T(a / b);
        } else {
            return a / b;
        }
    }
};

// The sign of C's remainder: that of the dividend.
struct ModOfDividend {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_integral_v<T>) {
            if (b == 0) return 0;
            if constexpr (std::is_signed_v<T>)
                if (b == T(-1)) return 0;
            return T(a % b);
        } else {
            return std::fmod(a, b);
        }
    }
};

// The sign of Python's remainder: that of the divisor.
struct ModOfDivisor {
    template <class T>
    static T of(T a, T b) {
        const T rest = ModOfDividend::of(a, b);
        return rest != 0 && (rest < 0) != (b < 0) ? T(rest + b) : rest;
    }
};

struct Max {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_floating_point_v<T>) return (a > b) | (a != a) ? a : b;
        else return a > b ? a : b;
    }
};

struct Min {
    template <class T>
    static T of(T a, T b) {
        if constexpr (std::is_floating_point_v<T>) return (a < b) | (a != a) ? a : b;
        else return a < b ? a : b;
    }
};

struct Prelu {
    template <class T>
    static T of(T x, T slope) { return x < 0 ? Mul::of(x, slope) : x; }
};

struct Pow {
    template <class T, class E>
    static T of(T base, E exponent) {
        if constexpr (std::is_floating_point_v<T>) return std::pow(base, T(exponent));
        else if constexpr (std::is_floating_point_v<E>) return clamped<T>(std::pow(double(base), double(exponent)));
        else return byInteger(base, exponent);
    }

    template <class T>
    static T clamped(double value) {
        using Limits = std::numeric_limits<T>;
        if (!(value > double(Limits::min()))) return value == value ? Limits::min() : T(0);
        return value >= double(Limits::max()) ? Limits::max() : T(value);
    }

    template <class T>
    static T byInteger(T base, std::int64_t exponent) {
        if (exponent < 0) {  // 1 / base^n, towards zero
            if (base == 1) return 1;
            if constexpr (std::is_signed_v<T>)
                if (base == T(-1)) return exponent % 2 == 0 ? T(1) : T(-1);
            return 0;
        }
        T result = 1;
        for (auto rest = static_cast<std::uint64_t>(exponent); rest != 0; rest >>= 1) {
            if (rest & 1) result = Mul::of(result, base);
            base = Mul::of(base, base);
        }
        return result;
    }
};

struct Square {
    template <class T>
    static T of(T x, T) { return Mul::of(x, x); }
};

template <class F>
PairRow rowFor(const OperatorContext& context, ElementType type) {
    PairRow row = nullptr;
    if (!visitNumbers(type, [&](auto tag) {
            using T = typename decltype(tag)::type;
            row = &pairRow<F, T, T, T>;
        }))
        refuseType(context, type);
    return row;
}

template <class F>
void runSameTypes(OperatorContext& context, std::int64_t grain = kCheapGrain) {
    const Tensor &a = context.input(0), &b = context.input(1);
    needSameType(context, a, b);
    runPair(context, rowFor<F>(context, a.type()), a, b, a.type(), grain);
}

// The shape of all inputs together; fail()s where they differ in type.
Shape joinedShape(OperatorContext& context) {
    const Tensor& first = context.input(0);
    Shape shape = first.shape();
    for (std::size_t i = 1; i < context.inputCount(); ++i) {
        needSameType(context, first, context.input(i));
        shape = BroadcastLoop(context, {&shape, &context.input(i).shape()}).shape();
    }
    return shape;
}

// Joins two or more inputs from the left into output 0, which holds the running result.
template <class F>
void runJoined(OperatorContext& context) {
    const Tensor& first = context.input(0);
    if (context.inputCount() == 1) return context.setOutput(0, first);
    if (context.inputCount() == 2) return runSameTypes<F>(context);
    const Shape shape = joinedShape(context);
    const PairRow row = rowFor<F>(context, first.type());
    const int size = bitsOf(first.type()) / 8;
    std::byte* out = context.outputBytes(0, first.type(), shape);
    const auto join = [&](const std::byte* a, const Shape& aShape, const Tensor& b) {
        const BroadcastLoop loop(context, {&aShape, &b.shape(), &shape});
        loop.run(context, kCheapGrain, [&](const BroadcastLoop::Row& at) {
            row(a + at.from[0] * size, loop.moves(0), b.bytes().data() + at.from[1] * size, loop.moves(1), out + at.to * size, at.length);
        });
    };
    join(first.bytes().data(), first.shape(), context.input(1));
    for (std::size_t i = 2; i < context.inputCount(); ++i) join(out, shape, context.input(i));
}

}  // namespace

void runAdd(OperatorContext& context) { runSameTypes<Add>(context); }
void runSub(OperatorContext& context) { runSameTypes<Sub>(context); }
void runMul(OperatorContext& context) { runSameTypes<Mul>(context); }
void runDiv(OperatorContext& context) { runSameTypes<Div>(context); }
void runMax(OperatorContext& context) { runJoined<Max>(context); }
void runMin(OperatorContext& context) { runJoined<Min>(context); }
void runSum(OperatorContext& context) { runJoined<Add>(context); }

void runMod(OperatorContext& context) {
    if (context.node().integer("fmod", 0) != 0) runSameTypes<ModOfDividend>(context, kCostlyGrain);
    else runSameTypes<ModOfDivisor>(context, kCostlyGrain);
}

void runPRelu(OperatorContext& context) {
    const Tensor &x = context.input(0), &slope = context.input(1);
    needSameType(context, x, slope);
    const PairRow row = rowFor<Prelu>(context, x.type());
    const auto joined = broadcast(x.shape(), slope.shape());
    if (joined && *joined == x.shape()) return runPair(context, row, x, slope, x.type());
    // Before opset 7 a list was one slope per channel.
    if (slope.shape().rank() != 1 || x.shape().rank() < 2 || slope.count() != x.shape()[1])
        context.fail("the slope " + toText(slope.shape()) + " does not fit the input " + toText(x.shape()));
    std::vector<std::int64_t> dims(static_cast<std::size_t>(x.shape().rank() - 1), 1);
    dims[0] = slope.count();
    runPair(context, row, x, slope.reshaped(Shape(dims)), x.type());
}

void runMean(OperatorContext& context) {
    const Tensor& first = context.input(0);
    const std::size_t count = context.inputCount();
    if (count == 1) return context.setOutput(0, first);
    const Shape shape = joinedShape(context);
    const bool known = visitReals(first.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
        // Sums and the division in one pass over short pieces; 16-bit floats are rounded once.
        const auto sum = context.scratch<Wide>(shape.count());
        const auto out = context.output<T>(0, shape, first.type());
        for (std::size_t i = 0; i < count; ++i) {
            const BroadcastLoop loop(context, {&context.input(i).shape(), &shape});
            const T* from = reinterpret_cast<const T*>(context.input(i).bytes().data());
            loop.run(context, kCheapGrain, [&](const BroadcastLoop::Row& at) {
                for (std::int64_t k = 0; k < at.length; ++k) {
                    const auto x = Wide(Computed<T>(from[at.from[0] + (loop.moves(0) ? k : 0)]));
                    Wide& to = sum[static_cast<std::size_t>(at.to + k)];
                    to = i == 0 ? x : to + x;
                }
            });
        }
        const Wide scale = Wide(1) / Wide(count);
        context.forRange(shape.count(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
            for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) out[k] = T(Computed<T>(sum[k] * scale));
        });
    });
    if (!known) refuseType(context, first.type());
}

namespace {

// The exponents as doubles or as int64, so that few kinds of rows are enough.
template <class T>
Tensor exponentsAs(const Tensor& exponent) {
    std::vector<T> values(static_cast<std::size_t>(exponent.count()));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<T>(elementAt(exponent.type(), exponent.bytes().data(), static_cast<std::int64_t>(i)));
    return Tensor::of(exponent.shape(), values);
}

}  // namespace

void runPow(OperatorContext& context) {
    const Tensor& base = context.input(0);
    Tensor exponent = context.input(1);
    if (exponent.type() == ElementType::String || exponent.type() == ElementType::Bool) refuseType(context, exponent.type());
    if (exponent.count() == 1 && exponent.shape().rank() <= base.shape().rank() &&
        elementAt(exponent.type(), exponent.bytes().data(), 0) == 2.0)
        return runPair(context, rowFor<Square>(context, base.type()), base, base, base.type());
    PairRow row = nullptr;
    const bool known = visitNumbers(base.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (kIsReal<T> && exponent.type() == base.type()) {
            row = &pairRow<Pow, T, T, T>;
        } else if (kIsReal<T> || isFloat(exponent.type())) {
            exponent = exponentsAs<double>(exponent);
            row = &pairRow<Pow, T, double, T>;
        } else if constexpr (!kIsReal<T>) {
            exponent = Tensor::of(exponent.shape(), toInt64(exponent));
            row = &pairRow<Pow, T, std::int64_t, T>;
        }
    });
    if (!known) refuseType(context, base.type());
    runPair(context, row, base, exponent, base.type(), kCostlyGrain);
}

}  // namespace bitlathe
