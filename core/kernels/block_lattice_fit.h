// Scales of sixteen blocks of a lattice type side by side. Part of the body of block_lattice.
//
// Every part first tries scales on a coarse grid, and takes the scale of least squares over the best one's points. The
// largest of the parts' scales gives the block's; it and two beside it are rounded to a half, and every part tries the
// two multiples next to its own scale, with the points that the file would hold. What costs least in all is taken, so
// that a part's scale is not merely rounded to a multiple. Last the block's scale is fitted to the points once more.
#pragma once

#include "core/kernels/block_lattice.h"
#include "core/kernels/block_lattice_kernels.h"

namespace bitlathe {
namespace {

constexpr float kLargestHalf = 65504.0f;
constexpr float kNothing = 0x1p-100f;  // a block whose magnitudes are below is one of zeros

// Weights of the codes of codeImportance(): 2^((code − 255) / 16) with a line between powers of two.
LANES_INLINE float weightOfCode(std::uint8_t code) {
    const std::uint32_t bits = (1777u + code) << 19;
    float weight;
    __builtin_memcpy(&weight, &bits, 4);
    return weight;
}

// Least squares makes weights smaller than they are, by as much as it loses, and every layer of a network passes that
// on. By importance, which networks are measured for, values are therefore coded as so much larger: found on trained
// language models, between the most that helps them and an error of the weights below the reference encoders'.
constexpr float gainOf(GgufType type) {
    switch (type) {
        case GgufType::IQ1_S:
        case GgufType::IQ1_M: return 1.1f;
        case GgufType::IQ2_XXS:
        case GgufType::IQ2_XS: return 1.07f;
        case GgufType::IQ2_S: return 1.04f;
        case GgufType::IQ3_XXS: return 1.025f;
        default: return 1.02f;
    }
}

// The blocks' values over a power of two, without signs but in shifted types; value i of block b at [16 · i + b].
struct LatticeBlocks {
    alignas(64) float x[16 * latticeValues], weights[16 * latticeValues];
    alignas(64) float odd[16 * 32];  // of eight values: 1 where minus signs are odd in number
    alignas(64) float unit[16], inverse[16];  // the power of two; 0: all values are 0
};

LANES_INLINE float powerBelow(float magnitude) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &magnitude, 4);
    bits &= 0x7f800000u;
    float power;
    __builtin_memcpy(&power, &bits, 4);
    return power;
}

template <GgufType Type>
inline void prepare(const LatticeSixteen& given, LatticeBlocks& s) {
    transposeAll(given.x, latticeValues, s.x);
    alignas(64) float largest[16];
    Floats most = all(0);
    for (int i = 0; i < latticeValues; ++i) most = larger(magnitude(load(s.x + 16 * i)), most);
    store(largest, most);
    for (int b = 0; b < 16; ++b) {
        s.unit[b] = largest[b] < kNothing ? 0.0f : powerBelow(largest[b]);
        s.inverse[b] = s.unit[b] > 0 ? 1.0f / s.unit[b] : 1.0f;
    }
    const Floats by = load(s.inverse) * all(given.importance[0] ? gainOf(Type) : 1.0f);
    Floats odd = all(0), square = all(0);
    for (int i = 0; i < latticeValues; ++i) {
        if (i % 8 == 0) odd = all(0);
        const Floats v = load(s.x + 16 * i) * by;
        square = square + v * v;
        odd = choose(v < all(0), all(1) - odd, odd);
        store(s.x + 16 * i, isShifted(Type) ? v : magnitude(v));
        if (i % 8 == 7) store(s.odd + 16 * (i / 8), odd);
    }
    if (given.importance[0]) {
        alignas(64) float rows[16][latticeValues];
        const float* each[16];
        for (int b = 0; b < 16; ++b) {
            for (int i = 0; i < latticeValues; ++i) rows[b][i] = weightOfCode(given.importance[b][i]);
            each[b] = rows[b];
        }
        transposeAll(each, latticeValues, s.weights);
        const Floats meanSquare = square * all(2.0f / latticeValues);
        for (int i = 0; i < latticeValues; ++i) {
            const Floats v = load(s.x + 16 * i);
            store(s.weights + 16 * i, load(s.weights + 16 * i) * root(meanSquare + v * v));
        }
    } else {
        for (int i = 0; i < latticeValues; ++i) store(s.weights + 16 * i, all(1));
    }
    for (int i = given.count; i < latticeValues; ++i) store(s.weights + 16 * i, all(0));
}

// Costs of eight values for each scale, over the scale.
template <GgufType Type, int Scales>
inline void costsOfEight(const LatticeBlocks& s, int eight, Floats shift, const Floats* scales, Floats* costs) {
    constexpr LatticeShape shape = kShape<Type>;
    const float *x = s.x + 16 * 8 * eight, *w = s.weights + 16 * 8 * eight;
    const Mask odd = load(s.odd + 16 * eight) > all(0.5f);
    HalfSums sums;
    LeastCosts<Scales> first;
    sumHalves<Type>(x, w, shift, odd, sums);
    leastCosts<Type>(sums, scales, first);
    if constexpr (shape.group == 8) {
        for (int t = 0; t < Scales; ++t) costs[t] = first.plain[t];
    } else {
        LeastCosts<Scales> second;
        sumHalves<Type>(x + 64, w + 64, shift, odd, sums);
        leastCosts<Type>(sums, scales, second);
        for (int t = 0; t < Scales; ++t) {
            const Floats plain = first.plain[t] + second.plain[t];
            costs[t] = shape.even ? choose(odd, smaller(first.turned[t] + second.plain[t], first.plain[t] + second.turned[t]), plain) : plain;
        }
    }
}

// Costs of a part for each scale, and where levels are shifted, which eights of it are shifted down.
template <GgufType Type, int Scales, bool Shifts = isShifted(Type)>
inline void costsOfPart(const LatticeBlocks& s, int part, const Floats* scales, Floats* costs, Floats* shifts) {
    constexpr int eights = kGgufSizes[static_cast<int>(Type)].part / 8;
    Floats up[Scales], down[Scales];
    for (int t = 0; t < Scales; ++t) costs[t] = shifts[t] = up[t] = down[t] = all(0);
    for (int e = 0; e < eights; ++e) {
        Floats plus[Scales], minus[Scales];
        costsOfEight<Type, Scales>(s, part * eights + e, all(Shifts ? kLatticeShift : 0.0f), scales, plus);
        if constexpr (Shifts) costsOfEight<Type, Scales>(s, part * eights + e, all(-kLatticeShift), scales, minus);
        for (int t = 0; t < Scales; ++t) {
            if constexpr (Shifts && Type == GgufType::IQ1_M) {
                const Mask lower = minus[t] < plus[t];
                costs[t] = costs[t] + choose(lower, minus[t], plus[t]);
                shifts[t] = shifts[t] + choose(lower, all(static_cast<float>(1 << e)), all(0));
            } else if constexpr (Shifts) {
                up[t] = up[t] + plus[t];
                down[t] = down[t] + minus[t];
            } else {
                costs[t] = costs[t] + plus[t];
            }
        }
    }
    for (int t = 0; t < Scales; ++t) {
        if constexpr (Shifts && Type == GgufType::IQ1_S) {
            const Mask lower = down[t] < up[t];
            costs[t] = choose(lower, down[t], up[t]);
            shifts[t] = choose(lower, all(1), all(0));
        }
        costs[t] = costs[t] * scales[t];
    }
}

// The best points of eight values for one scale: one point, or two of four values, and their sums. shift: of levels.
struct BestOfEight {
    Floats points[2], squares, products;
};
template <GgufType Type>
inline BestOfEight bestOfEight(const LatticeBlocks& s, int eight, Floats shift, Floats scale) {
    constexpr LatticeShape shape = kShape<Type>;
    const float *x = s.x + 16 * 8 * eight, *w = s.weights + 16 * 8 * eight;
    const Mask odd = load(s.odd + 16 * eight) > all(0.5f);
    HalfSums sums;
    if constexpr (shape.group == 8) {
        sumHalves<Type>(x, w, shift, odd, sums);
        const BestPoint best = bestPoint<Type, shape.even>(sums, scale);
        return {{best.point, all(0)}, best.squares, best.products};
    } else {
        BestPoint plain[2], turned[2];
        for (int g = 0; g < 2; ++g) {
            sumHalves<Type>(x + 64 * g, w + 64 * g, shift, odd, sums);
            plain[g] = bestPoint<Type, false>(sums, scale);
            if constexpr (shape.even) turned[g] = bestPoint<Type, true>(sums, scale);
        }
        if constexpr (shape.even) {
            const Mask first = turned[0].cost + plain[1].cost < plain[0].cost + turned[1].cost;
            const Mask own[2] = {odd & first, odd & ~first};
            for (int g = 0; g < 2; ++g)
                plain[g] = {plain[g].cost, choose(own[g], turned[g].point, plain[g].point), choose(own[g], turned[g].squares, plain[g].squares),
                            choose(own[g], turned[g].products, plain[g].products)};
        }
        return {{plain[0].point, plain[1].point}, plain[0].squares + plain[1].squares, plain[0].products + plain[1].products};
    }
}

// The scale of least squares over a part's best points for `scale`; `scale` itself where they are all 0.
template <GgufType Type>
inline Floats refined(const LatticeBlocks& s, int part, Floats scale) {
    constexpr int eights = kGgufSizes[static_cast<int>(Type)].part / 8;
    Floats squares = all(0), products = all(0);
    for (int e = 0; e < eights; ++e) {
        const BestOfEight best = bestOfEight<Type>(s, part * eights + e, all(0), scale);
        squares = squares + best.squares;
        products = products + best.products;
    }
    const Mask some = squares > all(0);
    return choose(some, all(0.5f) * products / choose(some, squares, all(1)), scale);
}

// Scales that a part tries, as shares of the one at which its largest value has the highest level. Beyond 1: parts
// of values alike have no point of highest levels.
constexpr float kShares[] = {0.48f, 0.58f, 0.68f, 0.78f, 0.88f, 1.0f, 1.15f, 1.4f};
constexpr float kShiftedShares[] = {0.3f, 0.45f, 0.6f, 0.75f, 0.95f};

// The best scale for a part of each block; 0 for a part of zeros. Shifts are left for later. Lattices of 2048 points
// take long: theirs is the best that was tried.
template <GgufType Type>
inline Floats coarseScale(const LatticeBlocks& s, int part) {
    constexpr LatticeShape shape = kShape<Type>;
    constexpr int size = kGgufSizes[static_cast<int>(Type)].part, kCoarse = isShifted(Type) ? sizeof kShiftedShares / sizeof(float) : sizeof kShares / sizeof(float);
    Floats largest = all(0);
    for (int i = 0; i < size; ++i) largest = larger(magnitude(load(s.x + 16 * (part * size + i))), largest);
    const Floats end = largest / all(shape.level[shape.levels - 1]);
    Floats scales[kCoarse], costs[kCoarse], shifts[kCoarse];
    for (int t = 0; t < kCoarse; ++t) scales[t] = end * all(isShifted(Type) ? kShiftedShares[t] : kShares[t]);
    costsOfPart<Type, kCoarse, false>(s, part, scales, costs, shifts);
    Floats best = costs[0], scale = scales[0];
    for (int t = 1; t < kCoarse; ++t) {
        const Mask better = costs[t] < best;
        best = choose(better, costs[t], best);
        scale = choose(better, scales[t], scale);
    }
    if constexpr (isShifted(Type)) return scale;
    else return refined<Type>(s, part, scale);
}

// Block scales that are tried, as shares of the largest part's; three bits of multiples reach less far down.
constexpr float kBesides[] = {1.0f, 0.93f, 1.07f}, kShiftedBesides[] = {1.0f, 0.8f};

template <GgufType Type>
void fitLattice(const LatticeSixteen& given, GgufParameters* out) noexcept {
    constexpr int parts = kGgufSizes[static_cast<int>(Type)].parts(), top = isShifted(Type) ? 15 : 31;
    constexpr int kBlockScales = isShifted(Type) ? 2 : 3, kMultiples = 2, tried = kMultiples * kBlockScales;
    LatticeBlocks s;
    prepare<Type>(given, s);
    const Floats unit = load(s.unit), none = all(0);
    alignas(64) float scales[parts * 16];
    Floats largest = all(0);
    for (int p = 0; p < parts; ++p) {
        const Floats scale = coarseScale<Type>(s, p);
        store(scales + 16 * p, scale);
        largest = larger(scale, largest);
    }
    const Floats inverse = load(s.inverse);
    Floats whole[kBlockScales], within1[kBlockScales], sum[kBlockScales];  // block scales as in the file, and over the unit
    for (int j = 0; j < kBlockScales; ++j) {
        whole[j] = asHalves(smaller(largest * all((isShifted(Type) ? kShiftedBesides[j] : kBesides[j]) / (latticeUnit(Type) * static_cast<float>(top))) * unit, all(kLargestHalf)));
        within1[j] = whole[j] * inverse * all(latticeUnit(Type));
        sum[j] = none;
    }
    std::uint8_t multiples[kBlockScales][parts][16], shifts[kBlockScales][parts][16];
    for (int p = 0; p < parts; ++p) {
        Floats by[tried], odd[tried], costs[tried], lower[tried];
        for (int j = 0; j < kBlockScales; ++j) {
            const Mask held = within1[j] > none;
            const Floats near = (load(scales + 16 * p) / choose(held, within1[j], all(1)) - all(1)) * all(0.5f);
            const Floats below = nearest(within(choose(held, near - all(0.5f), none), 0, static_cast<float>(top / 2 - 1)));
            for (int k = 0; k < kMultiples; ++k) {
                odd[kMultiples * j + k] = all(2) * (below + all(static_cast<float>(k))) + all(1);
                by[kMultiples * j + k] = within1[j] * odd[kMultiples * j + k];
            }
        }
        costsOfPart<Type, tried>(s, p, by, costs, lower);
        for (int j = 0; j < kBlockScales; ++j) {
            const int at = kMultiples * j;
            Floats best = costs[at], multiple = odd[at], shift = lower[at];
            for (int k = 1; k < kMultiples; ++k) {
                const Mask better = costs[at + k] < best;
                best = choose(better, costs[at + k], best);
                multiple = choose(better, odd[at + k], multiple);
                shift = choose(better, lower[at + k], shift);
            }
            sum[j] = sum[j] + best;
            storeLowBytes(multiples[j][p], toInts(multiple));
            storeLowBytes(shifts[j][p], toInts(shift));
        }
    }
    alignas(64) float chosen[16], scale[16];
    Floats best = sum[0], place = none, taken = whole[0];
    for (int j = 1; j < kBlockScales; ++j) {
        const Mask better = sum[j] < best;
        best = choose(better, sum[j], best);
        place = choose(better, all(static_cast<float>(j)), place);
        taken = choose(better, whole[j], taken);
    }
    store(chosen, place);
    alignas(64) float ofParts[parts * 16], down[16];
    std::uint8_t shift[parts][16];
    for (int b = 0; b < 16; ++b)
        for (int p = 0; p < parts; ++p) {
            ofParts[16 * p + b] = multiples[static_cast<int>(chosen[b])][p][b];
            shift[p][b] = shifts[static_cast<int>(chosen[b])][p][b];
        }
    // With the points that these scales give, the block's scale of least squares.
    Floats squares = none, products = none;
    const Floats step = taken * inverse * all(latticeUnit(Type));
    for (int e = 0; e < latticeValues / 8; ++e) {
        const int p = e * parts / (latticeValues / 8);
        for (int b = 0; b < 16; ++b) down[b] = shift[p][b] >> (Type == GgufType::IQ1_M ? e % 2 : 0) & 1 ? -kLatticeShift : kLatticeShift;
        const Floats multiple = load(ofParts + 16 * p);
        const BestOfEight own = bestOfEight<Type>(s, e, isShifted(Type) ? load(down) : none, step * multiple);
        squares = squares + multiple * multiple * own.squares;
        products = products + multiple * own.products;
    }
    const Mask some = squares > none;
    const Floats better = all(0.5f) * products / choose(some, squares, all(1)) * unit * all(1.0f / latticeUnit(Type));
    store(scale, choose(some & (products > none) & (taken > none), asHalves(smaller(better, all(kLargestHalf))), taken));
    for (int b = 0; b < given.blocks; ++b) {
        out[b] = {scale[b], 0, {}, {}};
        for (int p = 0; p < parts; ++p) {
            out[b].scales[p] = static_cast<std::int8_t>(ofParts[16 * p + b]);
            out[b].mins[p] = static_cast<std::int8_t>(shift[p][b]);
        }
    }
}

}  // namespace
}  // namespace bitlathe
