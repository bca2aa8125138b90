// The inner loops of operators with two operands: one row of A op B. Knows no shapes.
#pragma once

#include "core/engine/operators/arguments.h"
#include "core/engine/operators/broadcast.h"
#include "core/engine/operators/elements.h"

#include <cstdint>

namespace bitlathe {

// out[i] = F::of(a[i], b[i]); an operand that does not move is one element. `out` may be `a` or `b` itself.
using PairRow = void (*)(const std::byte* a, bool aMoves, const std::byte* b, bool bMoves, std::byte* out, std::int64_t n);

template <class F, class A, class B, class R>
void pairRow(const std::byte* aBytes, bool aMoves, const std::byte* bBytes, bool bMoves, std::byte* outBytes, std::int64_t n) {
    const A* a = reinterpret_cast<const A*>(aBytes);
    const B* b = reinterpret_cast<const B*>(bBytes);
    R* out = reinterpret_cast<R*>(outBytes);
    using X = Computed<A>;
    using Y = Computed<B>;
    if (aMoves && bMoves) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) out[i] = R(F::of(X(a[i]), Y(b[i])));
    } else if (aMoves) {
        const Y y = Y(b[0]);
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) out[i] = R(F::of(X(a[i]), y));
    } else if (bMoves) {
        const X x = X(a[0]);
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) out[i] = R(F::of(x, Y(b[i])));
    } else {
        const R value = R(F::of(X(a[0]), Y(b[0])));
        for (std::int64_t i = 0; i < n; ++i) out[i] = value;
    }
}

// The loop of a op b into output 0 of type `to`; elements of a, b and the result take these many bytes.
// Works in place where one operand dies here and is as large as the result.
inline void runPair(OperatorContext& context, PairRow row, const Tensor& a, const Tensor& b, ElementType to,
                    std::int64_t grain = kCheapGrain) {
    const int aSize = bitsOf(a.type()) / 8, bSize = bitsOf(b.type()) / 8, toSize = bitsOf(to) / 8;
    std::byte* out = nullptr;
    // Equal shapes, or one number on the right: one row, without a plan.
    const bool bMoves = a.shape() == b.shape();
    if (bMoves || (b.count() == 1 && b.shape().rank() <= a.shape().rank())) {
        if (&a == context.optional(0) && aSize == toSize) out = context.outputBytesOver(0, 0, to, a.shape());
        else out = context.outputBytes(0, to, a.shape());
        const std::byte *x = a.bytes().data(), *y = b.bytes().data();
        context.forRange(a.count(), grain, [=](std::int64_t begin, std::int64_t end) {
            row(x + begin * aSize, true, bMoves ? y + begin * bSize : y, bMoves, out + begin * toSize, end - begin);
        });
        return;
    }
    const BroadcastLoop loop(context, {&a.shape(), &b.shape()});
    if (&a == context.optional(0) && aSize == toSize && a.shape() == loop.shape()) out = context.outputBytesOver(0, 0, to, loop.shape());
    else if (&b == context.optional(1) && bSize == toSize && b.shape() == loop.shape()) out = context.outputBytesOver(0, 1, to, loop.shape());
    else out = context.outputBytes(0, to, loop.shape());
    const std::byte *aBytes = a.bytes().data(), *bBytes = b.bytes().data();
    loop.run(context, grain, [&](const BroadcastLoop::Row& at) {
        row(aBytes + at.from[0] * aSize, loop.moves(0), bBytes + at.from[1] * bSize, loop.moves(1), out + at.to * toSize, at.length);
    });
}

}  // namespace bitlathe
