#include "core/engine/operators/logic.h"

#include "core/engine/operators/row_pair.h"

#include <algorithm>
#include <limits>
#include <string>

namespace bitlathe {

namespace {

struct Equal {
    template <class T>
    static bool of(T a, T b) { return a == b; }
};
struct Greater {
    template <class T>
    static bool of(T a, T b) { return a > b; }
};
struct GreaterOrEqual {
    template <class T>
    static bool of(T a, T b) { return a >= b; }
};
struct Less {
    template <class T>
    static bool of(T a, T b) { return a < b; }
};
struct LessOrEqual {
    template <class T>
    static bool of(T a, T b) { return a <= b; }
};

// Bools are bytes; whatever is not 0 is true.
struct And {
    static bool of(std::uint8_t a, std::uint8_t b) { return (a != 0) & (b != 0); }
};
struct Or {
    static bool of(std::uint8_t a, std::uint8_t b) { return (a != 0) | (b != 0); }
};
struct Xor {
    static bool of(std::uint8_t a, std::uint8_t b) { return (a != 0) != (b != 0); }
};
struct EqualBool {
    static bool of(std::uint8_t a, std::uint8_t b) { return (a != 0) == (b != 0); }
};

struct BitAnd {
    template <class T>
    static T of(T a, T b) { return T(a & b); }
};
struct BitOr {
    template <class T>
    static T of(T a, T b) { return T(a | b); }
};
struct BitXor {
    template <class T>
    static T of(T a, T b) { return T(a ^ b); }
};
struct ShiftLeft {
    template <class T>
    static T of(T a, T by) { return by < std::numeric_limits<T>::digits ? T(std::uint64_t(a) << by) : T(0); }
};
struct ShiftRight {
    template <class T>
    static T of(T a, T by) { return by < std::numeric_limits<T>::digits ? T(a >> by) : T(0); }
};

template <class F>
void runComparison(OperatorContext& context, PairRow forBool = nullptr) {
    const Tensor &a = context.input(0), &b = context.input(1);
    needSameType(context, a, b);
    PairRow row = a.type() == ElementType::Bool ? forBool : nullptr;
    visitNumbers(a.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        row = &pairRow<F, T, T, std::uint8_t>;
    });
    if (!row) refuseType(context, a.type());
    runPair(context, row, a, b, ElementType::Bool);
}

template <class F>
void runBoolean(OperatorContext& context) {
    const Tensor &a = inputOf(context, 0, ElementType::Bool), &b = inputOf(context, 1, ElementType::Bool);
    runPair(context, &pairRow<F, std::uint8_t, std::uint8_t, std::uint8_t>, a, b, ElementType::Bool);
}

template <class F>
void runBitwise(OperatorContext& context) {
    const Tensor &a = context.input(0), &b = context.input(1);
    needSameType(context, a, b);
    if (!isInteger(a.type())) refuseType(context, a.type());
    PairRow row = nullptr;
    const bool known = visitWidths(a.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        row = &pairRow<F, T, T, T>;
    });
    if (!known) refuseType(context, a.type());
    runPair(context, row, a, b, a.type());
}

// out[i] = F(x[i]) for all elements, T to R.
template <class T, class R, class F>
void mapElements(OperatorContext& context, const Tensor& x, ElementType to, F&& f) {
    const T* from = reinterpret_cast<const T*>(x.bytes().data());
    R* out = reinterpret_cast<R*>(context.outputBytes(0, to, x.shape()));
    context.forRange(x.count(), kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) out[i] = R(f(from[i]));
    });
}

}  // namespace

void runEqual(OperatorContext& context) {
    runComparison<Equal>(context, &pairRow<EqualBool, std::uint8_t, std::uint8_t, std::uint8_t>);
}
void runGreater(OperatorContext& context) { runComparison<Greater>(context); }
void runGreaterOrEqual(OperatorContext& context) { runComparison<GreaterOrEqual>(context); }
void runLess(OperatorContext& context) { runComparison<Less>(context); }
void runLessOrEqual(OperatorContext& context) { runComparison<LessOrEqual>(context); }
void runAnd(OperatorContext& context) { runBoolean<And>(context); }
void runOr(OperatorContext& context) { runBoolean<Or>(context); }
void runXor(OperatorContext& context) { runBoolean<Xor>(context); }
void runBitwiseAnd(OperatorContext& context) { runBitwise<BitAnd>(context); }
void runBitwiseOr(OperatorContext& context) { runBitwise<BitOr>(context); }
void runBitwiseXor(OperatorContext& context) { runBitwise<BitXor>(context); }

void runNot(OperatorContext& context) {
    mapElements<std::uint8_t, std::uint8_t>(context, inputOf(context, 0, ElementType::Bool), ElementType::Bool,
                                            [](std::uint8_t x) { return x == 0; });
}

void runBitwiseNot(OperatorContext& context) {
    const Tensor& x = context.input(0);
    if (!isInteger(x.type())) refuseType(context, x.type());
    const bool known = visitWidths(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        mapElements<T, T>(context, x, x.type(), [](T value) { return T(~value); });
    });
    if (!known) refuseType(context, x.type());
}

void runBitShift(OperatorContext& context) {
    const std::string direction = context.node().text("direction", "");
    if (direction != "LEFT" && direction != "RIGHT") context.fail("direction must be LEFT or RIGHT, not '" + direction + "'");
    const Tensor& a = context.input(0);
    if (!isInteger(a.type()) || isSigned(a.type())) refuseType(context, a.type());
    if (direction == "LEFT") runBitwise<ShiftLeft>(context);
    else runBitwise<ShiftRight>(context);
}

void runIsNaN(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const bool known = visitReals(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        mapElements<T, std::uint8_t>(context, x, ElementType::Bool, [](T value) { return Computed<T>(value) != Computed<T>(value); });
    });
    if (!known) refuseType(context, x.type());
}

void runIsInf(OperatorContext& context) {
    const Tensor& x = context.input(0);
    const bool positive = context.node().integer("detect_positive", 1) != 0;
    const bool negative = context.node().integer("detect_negative", 1) != 0;
    const bool known = visitReals(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        constexpr auto kInfinity = std::numeric_limits<Computed<T>>::infinity();
        mapElements<T, std::uint8_t>(context, x, ElementType::Bool, [=](T value) {
            return (positive && Computed<T>(value) == kInfinity) || (negative && Computed<T>(value) == -kInfinity);
        });
    });
    if (!known) refuseType(context, x.type());
}

void runWhere(OperatorContext& context) {
    const Tensor &condition = inputOf(context, 0, ElementType::Bool), &x = context.input(1), &y = context.input(2);
    needSameType(context, x, y);
    elementBytes(context, x.type());
    const BroadcastLoop loop(context, {&condition.shape(), &x.shape(), &y.shape()});
    const auto* chosen = reinterpret_cast<const std::uint8_t*>(condition.bytes().data());
    std::byte* out = context.outputBytes(0, x.type(), loop.shape());
    visitWidths(x.type(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T *xs = reinterpret_cast<const T*>(x.bytes().data()), *ys = reinterpret_cast<const T*>(y.bytes().data());
        T* to = reinterpret_cast<T*>(out);
        const std::int64_t cStep = loop.moves(0), xStep = loop.moves(1), yStep = loop.moves(2);
        loop.run(context, kCheapGrain, [&](const BroadcastLoop::Row& at) {
            const std::uint8_t* c = chosen + at.from[0];
            const T *a = xs + at.from[1], *b = ys + at.from[2];
            T* row = to + at.to;
            if (cStep && xStep && yStep) {
                for (std::int64_t i = 0; i < at.length; ++i) row[i] = c[i] != 0 ? a[i] : b[i];
            } else if (!cStep) {  // one choice for the whole row
                const bool first = c[0] != 0;
                const T* from = first ? a : b;
                if (first ? xStep : yStep) std::copy_n(from, at.length, row);
                else std::fill_n(row, at.length, from[0]);
            } else {
                for (std::int64_t i = 0; i < at.length; ++i) row[i] = c[i] != 0 ? a[i * xStep] : b[i * yStep];
            }
        });
    });
}

}  // namespace bitlathe
