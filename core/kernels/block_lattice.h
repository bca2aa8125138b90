// The nearest points of a lattice for sixteen groups of values side by side. Part of the body of block_lattice.
//
// With the scale s, a point q costs Σ w(x − s·q)² = Σ w·x² + s · (s · Σ w·q² − 2 · Σ w·x·q). Both sums are those of
// the point's halves, which take 81 or 64 forms: tables of them make every point two additions for each sum, and every
// scale that is tried a multiplication, a subtraction and a comparison.
#pragma once

#include "core/kernels/block_search.h"
#include "core/kernels/gguf_type.h"
#include "core/kernels/lattice_points.h"

namespace bitlathe {
namespace {

struct LatticeShape {
    int group;            // values of a point
    int levels;           // of a coordinate
    int points;
    bool even;            // the number of minus signs among eight values is even
    const std::uint16_t* list;
    float level[8];
};

constexpr LatticeShape shapeOf(GgufType type) {
    switch (type) {
        case GgufType::IQ1_S:
        case GgufType::IQ1_M: return {8, 3, 2048, false, kIq1SPoints, {-1, 0, 1}};
        case GgufType::IQ2_XXS: return {8, 3, 256, true, kIq2XxsPoints, {8, 25, 43}};
        case GgufType::IQ2_XS: return {8, 3, 512, true, kIq2XsPoints, {8, 25, 43}};
        case GgufType::IQ2_S: return {8, 3, 1024, false, kIq2SPoints, {8, 25, 43}};
        case GgufType::IQ3_XXS: return {4, 8, 256, true, kIq3XxsPoints, {4, 12, 20, 28, 36, 44, 52, 62}};
        default: return {4, 8, 512, false, kIq3SPoints, {1, 3, 5, 7, 9, 11, 13, 15}};
    }
}
template <GgufType Type>
constexpr LatticeShape kShape = shapeOf(Type);

// Four levels of two bits as one number of base 3.
struct BaseThree {
    std::uint8_t of[256];
};
constexpr BaseThree baseThree() {
    BaseThree all{};
    for (int b = 0; b < 256; ++b) all.of[b] = static_cast<std::uint8_t>((b & 3) + 3 * (b >> 2 & 3) + 9 * (b >> 4 & 3) + 27 * (b >> 6 & 3));
    return all;
}
constexpr BaseThree kBaseThree = baseThree();

// The halves of a point, as numbers of tables.
struct Halves {
    int low, high;
};
template <GgufType Type>
LANES_INLINE Halves halvesOfPoint(int point) {
    const unsigned bits = kShape<Type>.list[point];
    if constexpr (kShape<Type>.group == 4) return {static_cast<int>(bits & 63), static_cast<int>(bits >> 6)};
    else return {kBaseThree.of[bits & 255], kBaseThree.of[bits >> 8]};
}
template <GgufType Type>
LANES_INLINE int levelOfPoint(int point, int coordinate) {
    constexpr int bits = kShape<Type>.group == 4 ? 3 : 2;
    return kShape<Type>.list[point] >> bits * coordinate & ((1 << bits) - 1);
}

constexpr int kMostHalves = 81;

// Of sixteen groups: Σ w·q² and 2 · Σ w·x·q of each half, and what a change of one sign costs at least, doubled
// again, where the type counts signs.
struct HalfSums {
    alignas(64) float squares[2][16 * kMostHalves], products[2][16 * kMostHalves], turns[2][16 * kMostHalves];
};

// x and weights: value i at 16 · i; `shift` is added to the levels; odd: lanes whose signs need a change (even types
// only; IQ3_XXS: of no account, both are made).
template <GgufType Type>
inline void sumHalves(const float* x, const float* weights, Floats shift, Mask odd, HalfSums& out) {
    constexpr LatticeShape shape = kShape<Type>;
    constexpr int n = shape.levels, values = shape.group / 2;
    for (int h = 0; h < 2; ++h) {
        alignas(64) float one[3][4][8 * 16];  // squares, products, turns of a coordinate and a level
        for (int j = 0; j < values; ++j) {
            const Floats v = load(x + 16 * (h * values + j)), w = load(weights + 16 * (h * values + j)), wx = w * v;
            for (int l = 0; l < n; ++l) {
                const Floats level = all(shape.level[l]) + shift, product = all(2) * wx * level;
                store(one[0][j] + 16 * l, w * level * level);
                store(one[1][j] + 16 * l, product);
                if constexpr (shape.even) store(one[2][j] + 16 * l, shape.group == 4 ? all(2) * product : choose(odd, all(2) * product, all(0)));
            }
        }
        if constexpr (values == 2) {
            for (int b = 0; b < n; ++b)
                for (int a = 0; a < n; ++a) {
                    const int at = 16 * (a + n * b);
                    store(out.squares[h] + at, load(one[0][0] + 16 * a) + load(one[0][1] + 16 * b));
                    store(out.products[h] + at, load(one[1][0] + 16 * a) + load(one[1][1] + 16 * b));
                    if constexpr (shape.even) store(out.turns[h] + at, smaller(load(one[2][0] + 16 * a), load(one[2][1] + 16 * b)));
                }
        } else {
            alignas(64) float two[3][2][9 * 16];
            for (int p = 0; p < 2; ++p)
                for (int b = 0; b < 3; ++b)
                    for (int a = 0; a < 3; ++a) {
                        const int at = 16 * (a + 3 * b);
                        store(two[0][p] + at, load(one[0][2 * p] + 16 * a) + load(one[0][2 * p + 1] + 16 * b));
                        store(two[1][p] + at, load(one[1][2 * p] + 16 * a) + load(one[1][2 * p + 1] + 16 * b));
                        if constexpr (shape.even) store(two[2][p] + at, smaller(load(one[2][2 * p] + 16 * a), load(one[2][2 * p + 1] + 16 * b)));
                    }
            for (int b = 0; b < 9; ++b)
                for (int a = 0; a < 9; ++a) {
                    const int at = 16 * (a + 9 * b);
                    store(out.squares[h] + at, load(two[0][0] + 16 * a) + load(two[0][1] + 16 * b));
                    store(out.products[h] + at, load(two[1][0] + 16 * a) + load(two[1][1] + 16 * b));
                    if constexpr (shape.even) store(out.turns[h] + at, smaller(load(two[2][0] + 16 * a), load(two[2][1] + 16 * b)));
                }
        }
    }
}

constexpr float kNoPoint = 3e38f;

// Costs of the best point for each of so many scales, over the scale: s · Σ w·q² − 2 · Σ w·x·q; of four values with
// an even number of signs also when one sign is changed.
template <int Scales>
struct LeastCosts {
    Floats plain[Scales], turned[Scales];
};
template <GgufType Type, int Scales>
inline void leastCosts(const HalfSums& sums, const Floats* scales, LeastCosts<Scales>& out) {
    constexpr LatticeShape shape = kShape<Type>;
    constexpr bool both = shape.even && shape.group == 4;
    Floats s[Scales], plain[Scales], turned[Scales];
    for (int t = 0; t < Scales; ++t) {
        s[t] = scales[t];
        plain[t] = turned[t] = all(kNoPoint);
    }
    for (int i = 0; i < shape.points; ++i) {
        const auto [low, high] = halvesOfPoint<Type>(i);
        const Floats squares = load(sums.squares[0] + 16 * low) + load(sums.squares[1] + 16 * high);
        Floats products = load(sums.products[0] + 16 * low) + load(sums.products[1] + 16 * high), less = products;
        if constexpr (shape.even) less = products - smaller(load(sums.turns[0] + 16 * low), load(sums.turns[1] + 16 * high));
        if constexpr (shape.even && !both) products = less;
        for (int t = 0; t < Scales; ++t) {
            const Floats by = s[t] * squares;
            plain[t] = smaller(by - products, plain[t]);
            if constexpr (both) turned[t] = smaller(by - less, turned[t]);
        }
    }
    for (int t = 0; t < Scales; ++t) {
        out.plain[t] = plain[t];
        out.turned[t] = turned[t];
    }
}

// The first of the best points for one scale, and its sums.
struct BestPoint {
    Floats cost, point, squares, products;
};
template <GgufType Type, bool Turned>
inline BestPoint bestPoint(const HalfSums& sums, Floats scale) {
    BestPoint best{all(kNoPoint), all(0), all(0), all(0)};
    for (int i = 0; i < kShape<Type>.points; ++i) {
        const auto [low, high] = halvesOfPoint<Type>(i);
        const Floats squares = load(sums.squares[0] + 16 * low) + load(sums.squares[1] + 16 * high);
        Floats products = load(sums.products[0] + 16 * low) + load(sums.products[1] + 16 * high);
        if constexpr (Turned) products = products - smaller(load(sums.turns[0] + 16 * low), load(sums.turns[1] + 16 * high));
        const Floats cost = scale * squares - products;
        const Mask better = cost < best.cost;
        best = {choose(better, cost, best.cost), choose(better, all(static_cast<float>(i)), best.point), choose(better, squares, best.squares), choose(better, products, best.products)};
    }
    return best;
}

}  // namespace
}  // namespace bitlathe
