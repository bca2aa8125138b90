// The searches of core/quant/gguf_search.h for sixteen parts side by side, part of the body of block_encode.
// Every lane adds in the order of its values, as the definitions there do.
#pragma once

#include "core/kernels/block_lanes.h"

namespace bitlathe {
namespace {

// Value i of the sixteen parts is at x + 16 · i.
struct Parts {
    const float* x;
    const float* weights;
    int count;
};

// Values of sixteen blocks side by side: value i of block b at to[16 · i + b].
LANES_INLINE void transposeAll(const float* const* from, int count, float* to) {
    const float* rows[16];
    for (int i = 0; i < count; i += 16) {
        for (int b = 0; b < 16; ++b) rows[b] = from[b] + i;
        transpose16(rows, to + 16 * i);
    }
}

constexpr float kPartOfZeros = 1e-15f;  // kNoScale of gguf_search.h

// x limited to low … high; NaN becomes low.
LANES_INLINE Floats within(Floats x, float low, float high) { return smaller(larger(x, all(low)), all(high)); }

LANES_INLINE Floats firstLargest(const float* x, int count) {
    Floats largest = all(0);
    for (int i = 0; i < count; ++i) {
        const Floats v = load(x + 16 * i);
        largest = choose(magnitude(v) > magnitude(largest), v, largest);
    }
    return largest;
}

// Two trials at once: their sums are chains that wait for themselves.
inline Floats signedScales(const Parts& p, int top) {
    Floats largest = firstLargest(p.x, p.count);
    const Mask none = magnitude(largest) < all(kPartOfZeros);
    largest = choose(none, all(1), largest);
    const float most = static_cast<float>(top);
    Floats scale = all(0), best = all(0);
    const auto inverseOf = [&](int trial) { return -all(most + 0.1f * static_cast<float>(trial)) / largest; };
    const auto take = [&](Floats lx, Floats ll, bool first) {
        const Floats tried = lx / ll;
        const Mask some = ll > all(0), better = first ? some : some & (lx * lx > best * ll);
        scale = choose(better, tried, scale);
        best = choose(better, tried * lx, best);
    };
    constexpr int kTrials[] = {0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9};
    for (int t = 0; t < 20; t += 2) {
        const Floats inverse = inverseOf(kTrials[t]), second = inverseOf(kTrials[t + 1]);
        Floats lx = all(0), ll = all(0), lx2 = all(0), ll2 = all(0);
        for (int i = 0; i < p.count; ++i) {
            const Floats x = load(p.x + 16 * i), w = load(p.weights + 16 * i), wx = w * x;
            const Floats l = nearest(within(inverse * x, -most, most - 1)), l2 = nearest(within(second * x, -most, most - 1));
            lx = lx + wx * l;
            ll = ll + w * l * l;
            lx2 = lx2 + wx * l2;
            ll2 = ll2 + w * l2 * l2;
        }
        take(lx, ll, t == 0);
        take(lx2, ll2, false);  // the last trial comes twice and is not better than itself
    }
    return choose(none, all(0), scale);
}

// Least squares over codes: what the codes' refinement keeps up to date.
struct LaneFit {
    Floats lx, ll;
};

// One value's turn: what its code becomes with the others as they are.
template <bool NeedsSquares>
struct Turn {
    Floats x, w, old, wx, lx, ll, moved;
    Mask wanted;
    LANES_INLINE Turn(const Parts& p, const float* codes, const LaneFit& fit, int i, float low, float high) {
        x = load(p.x + 16 * i);
        w = load(p.weights + 16 * i);
        old = load(codes + 16 * i);
        wx = w * x;
        lx = fit.lx - wx * old;
        ll = fit.ll - w * old * old;
        moved = nearest(within(x * ll / lx, low, high));
        wanted = (lx > all(0)) & (moved != old);
        if (NeedsSquares) wanted = wanted & (ll > all(0));
    }
    // Takes the new codes of lanes that gain; says which.
    LANES_INLINE Mask take(float* code, LaneFit& fit) {
        lx = lx + wx * moved;
        ll = ll + w * moved * moved;
        const Mask better = wanted & (ll > all(0)) & (lx * lx * fit.ll > fit.lx * fit.lx * ll);
        store(code, choose(better, moved, old));
        fit = {choose(better, lx, fit.lx), choose(better, ll, fit.ll)};
        return better;
    }
};

// Moves codes (16 · count) while the fit gains; at most five rounds. Lanes that have settled stay as they are.
// In the first round many codes move: `Sets` sets of sixteen parts take turns, because each turn of one waits for
// the turn before. Later most turns move no code at all, and a branch that sees this waits for nothing.
template <int Sets, bool NeedsSquares>
inline void refine(const Parts* p, float (*codes)[32 * 16], LaneFit* fit, float low, float high) {
    Mask changed[Sets];
    for (int s = 0; s < Sets; ++s) changed[s] = all(0) < all(0);
    for (int i = 0; i < p[0].count; ++i)
        for (int s = 0; s < Sets; ++s) {
            Turn<NeedsSquares> turn(p[s], codes[s], fit[s], i, low, high);
            changed[s] = either(changed[s], turn.take(codes[s] + 16 * i, fit[s]));
        }
    for (int s = 0; s < Sets; ++s)
        for (int round = 1; round < 5 && any(changed[s]); ++round) {
            changed[s] = all(0) < all(0);
            for (int i = 0; i < p[s].count; ++i) {
                Turn<NeedsSquares> turn(p[s], codes[s], fit[s], i, low, high);
                if (any(turn.wanted)) changed[s] = either(changed[s], turn.take(codes[s] + 16 * i, fit[s]));
            }
        }
}

// refinedSignedScale(), codes from −top to top − 1.
template <int Sets>
inline void refinedSignedScales(const Parts* p, int top, Floats* scales) {
    const float most = static_cast<float>(top);
    alignas(64) float codes[Sets][32 * 16];
    LaneFit fit[Sets];
    Mask none[Sets];
    for (int s = 0; s < Sets; ++s) {
        const Floats largest = firstLargest(p[s].x, p[s].count);
        none[s] = magnitude(largest) < all(kPartOfZeros);
        const Floats inverse = all(-most) / choose(none[s], all(1), largest);
        fit[s] = {all(0), all(0)};
        for (int i = 0; i < p[s].count; ++i) {
            const Floats x = load(p[s].x + 16 * i), w = load(p[s].weights + 16 * i), l = nearest(within(inverse * x, -most, most - 1));
            store(codes[s] + 16 * i, l);
            fit[s].lx = fit[s].lx + w * x * l;
            fit[s].ll = fit[s].ll + w * l * l;
        }
    }
    refine<Sets, false>(p, codes, fit, -most, most - 1);
    for (int s = 0; s < Sets; ++s) {
        const Mask some = fit[s].ll > all(0);
        scales[s] = choose(some & ~none[s], fit[s].lx / choose(some, fit[s].ll, all(1)), all(0));
    }
}

struct LaneTrials {
    float first, step;
    int count;
    bool absolute;
};
struct LaneScales {
    Floats scale, min;
};

template <bool Absolute>
inline LaneScales scalesAndMins(const Parts& p, int top, const LaneTrials& trials) {
    const float most = static_cast<float>(top);
    Floats min = load(p.x), max = min, sumW = all(0), sumX = all(0);
    for (int i = 0; i < p.count; ++i) {
        const Floats x = load(p.x + 16 * i), w = load(p.weights + 16 * i);
        min = choose(x < min, x, min);
        max = choose(x > max, x, max);
        sumW = sumW + w;
        sumX = sumX + w * x;
    }
    min = choose(min < all(0), min, all(0));
    const Mask none = max <= min;
    max = choose(none, min + all(1), max);
    alignas(64) float codes[32 * 16];
    Floats l0, ll, lx;
    const auto code = [&](Floats inverse, Floats from) {
        l0 = ll = lx = all(0);
        for (int i = 0; i < p.count; ++i) {
            const Floats x = load(p.x + 16 * i), l = nearest(within(inverse * (x - from), 0, most)), wl = load(p.weights + 16 * i) * l;
            store(codes + 16 * i, l);
            l0 = l0 + wl;
            ll = ll + wl * l;
            lx = lx + wl * x;
        }
    };
    const auto errorWith = [&](Floats scale, Floats low) {
        Floats error = all(0);
        for (int i = 0; i < p.count; ++i) {
            const Floats difference = scale * load(codes + 16 * i) + low - load(p.x + 16 * i);
            error = error + load(p.weights + 16 * i) * (Absolute ? magnitude(difference) : difference * difference);
        }
        return error;
    };
    const Floats inverse = all(most) / (max - min);
    Floats scale = all(1) / inverse;
    code(inverse, min);
    Floats best = errorWith(scale, min);
    for (int trial = 0; trial <= trials.count; ++trial) {
        code(all(trials.first + trials.step * static_cast<float>(trial) + most) / (max - min), min);
        const Floats determinant = sumW * ll - l0 * l0;
        Floats tried = (sumW * lx - sumX * l0) / determinant, low = (ll * sumX - l0 * lx) / determinant;
        const Mask lifted = low > all(0);
        tried = choose(lifted, lx / ll, tried);
        low = choose(lifted, all(0), low);
        const Floats error = errorWith(tried, low);
        const Mask better = (determinant > all(0)) & (error < best) & ~none;
        best = choose(better, error, best);
        scale = choose(better, tried, scale);
        min = choose(better, low, min);  // later trials start from here, as the reference's do
    }
    return {choose(none, all(0), scale), -min};
}

// unsignedScale() for x >= 0; codes: 16 · count.
inline Floats unsignedScales(const Parts& p, int top, float (*codes)[32 * 16]) {
    const float most = static_cast<float>(top);
    Floats max = all(0);
    for (int i = 0; i < p.count; ++i) {
        const Floats x = load(p.x + 16 * i);
        max = choose(max < x, x, max);
    }
    const Mask none = max < all(kPartOfZeros);
    max = choose(none, all(1), max);
    Floats inverse = all(0), best = all(0);
    constexpr int kTrials[] = {0, -4, -3, -2, -1, 1, 2, 3, 4};
    for (const int trial : kTrials) {
        const Floats by = all(0.1f * static_cast<float>(trial) + most) / max, scale = all(1) / by;
        Floats error = all(0);
        for (int i = 0; i < p.count; ++i) {
            const Floats x = load(p.x + 16 * i), difference = x - scale * nearest(within(by * x, 0, most));
            error = error + load(p.weights + 16 * i) * difference * difference;
        }
        const Mask better = trial == 0 ? all(0) <= all(0) : error < best;
        best = choose(better, error, best);
        inverse = choose(better, by, inverse);
    }
    LaneFit fit = {all(0), all(0)};
    for (int i = 0; i < p.count; ++i) {
        const Floats x = load(p.x + 16 * i), w = load(p.weights + 16 * i), l = nearest(within(inverse * x, 0, most));
        store(codes[0] + 16 * i, l);
        fit.lx = fit.lx + w * x * l;
        fit.ll = fit.ll + w * l * l;
    }
    refine<1, true>(&p, codes, &fit, 0, most);
    for (int i = 0; i < p.count; ++i) store(codes[0] + 16 * i, choose(none, all(0), load(codes[0] + 16 * i)));
    const Mask some = fit.ll > all(0);
    return choose(some & ~none, fit.lx / choose(some, fit.ll, all(1)), all(0));
}

}  // namespace
}  // namespace bitlathe
