// Codes of sixteen blocks of a lattice type under given scales: the points that cost least, and the signs. Part of the
// body of block_lattice.
#pragma once

#include "core/kernels/block_lattice_fit.h"

namespace bitlathe {
namespace {

// Which of eight values costs least to turn, where minus signs are odd in number: w · |x| · level, the first of equals.
template <GgufType Type>
LANES_INLINE int leastTurned(const LatticeBlocks& s, int first, int lane, const int* points) {
    constexpr int group = kShape<Type>.group;
    int least = 0;
    float cost = kNoPoint;
    for (int i = 0; i < 8; ++i) {
        const int at = 16 * (first + i) + lane;
        const float own = s.weights[at] * s.x[at] * kShape<Type>.level[levelOfPoint<Type>(points[i / group], i % group)];
        if (own < cost) {
            cost = own;
            least = i;
        }
    }
    return least;
}

// Codes of eight values of each block; points: one, or two of four values.
template <GgufType Type>
inline void codeEight(const LatticeSixteen& given, const LatticeBlocks& s, int eight, const float (*points)[16], const float* odd, std::uint8_t* codes) {
    constexpr LatticeShape shape = kShape<Type>;
    for (int b = 0; b < given.blocks; ++b) {
        const int own[2] = {static_cast<int>(points[0][b]), static_cast<int>(points[1][b])};
        std::uint8_t* to = codes + latticeValues * b + 8 * eight;
        if constexpr (isShifted(Type)) {
            for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(levelOfPoint<Type>(own[0], i));
            continue;
        }
        const int turned = shape.even && odd[b] > 0.5f ? leastTurned<Type>(s, 8 * eight, b, own) : -1;
        const float* x = given.x[b] + 8 * eight;
        for (int i = 0; i < 8; ++i) {
            const int level = levelOfPoint<Type>(own[i / shape.group], i % shape.group);
            const bool minus = (x[i] * s.inverse[b] < 0) != (i == turned);
            to[i] = static_cast<std::uint8_t>(minus ? shape.levels - 1 - level : shape.levels + level);
        }
    }
}

template <GgufType Type>
void encodeLattice(const LatticeSixteen& given, const GgufParameters* parameters, std::uint8_t* codes) noexcept {
    constexpr int eights = kGgufSizes[static_cast<int>(Type)].part / 8;
    LatticeBlocks s;
    prepare<Type>(given, s);
    alignas(64) float whole[16], each[16], down[16], points[2][16];
    for (int b = 0; b < 16; ++b) whole[b] = parameters[b < given.blocks ? b : given.blocks - 1].scale;
    store(whole, asHalves(smaller(all(kLargestHalf), larger(all(-kLargestHalf), load(whole)))) * load(s.inverse) * all(latticeUnit(Type)));
    for (int e = 0; e < latticeValues / 8 && 8 * e < given.count; ++e) {
        for (int b = 0; b < 16; ++b) {
            const GgufParameters& own = parameters[b < given.blocks ? b : given.blocks - 1];
            each[b] = static_cast<float>(own.scales[e / eights]);
            down[b] = own.mins[e / eights] >> (Type == GgufType::IQ1_M ? e % 2 : 0) & 1 ? -kLatticeShift : kLatticeShift;
        }
        const BestOfEight best = bestOfEight<Type>(s, e, isShifted(Type) ? load(down) : all(0), load(whole) * load(each));
        store(points[0], best.points[0]);
        store(points[1], best.points[1]);
        codeEight<Type>(given, s, e, points, s.odd + 16 * e, codes);
    }
}

template <GgufType... Types>
struct LatticeRowsOf {
    static constexpr LatticeTypeKernels rows[] = {{fitLattice<Types>, encodeLattice<Types>}...};
};
constexpr const LatticeTypeKernels* kLatticeKernels =
    LatticeRowsOf<GgufType::IQ1_S, GgufType::IQ1_M, GgufType::IQ2_XXS, GgufType::IQ2_XS, GgufType::IQ2_S, GgufType::IQ3_XXS, GgufType::IQ3_S>::rows;

}  // namespace
}  // namespace bitlathe
