// One piece of the pass behind weight_pass.h, for its driver and for the ISA files. Plain data only.
#pragma once

#include <cstdint>

namespace bitlathe {

constexpr int weightPieceElements = 4096;
constexpr int weightPieceGroups = 256;

// Index of a value: floor(clamp((v - low) * perUnit, -1, count)) + 1.
struct WeightBins {
    std::uint16_t* index;  // one per element, or nullptr
    float low, perUnit, count;
};

// At most weightPieceElements elements in `groups` <= weightPieceGroups groups of `groupSize`, the last of
// `lastSize`. Index buffers have 16 spare entries behind the last element, which may be written.
struct WeightPiece {
    const float* x;
    int groups, groupSize, lastSize;
    const float* scales;             // per group
    const std::int32_t* zeroPoints;  // per group, or nullptr: all 0
    std::int32_t codeLow, codeHigh;
    bool signs;
    const float* given;  // decoded values, in the place of scales and codes; or nullptr
    const float *lowest, *highest;  // with `given`: what lies outside is clipped. Per group, or nullptr: nothing is
    std::uint8_t* codes;      // or nullptr
    std::uint8_t* codeIndex;  // code less codeLow, or nullptr
    WeightBins values, decoded, errors;
    float* groupError2;  // per group, or nullptr
    float* groupValue2;
};

struct WeightLanes {
    float error2[16], value2[16], valueError[16], maxError[16];
    std::int32_t clipped[16], notFinite[16];
};

// Writes every lane.
using WeightPieceFn = void (*)(const WeightPiece& piece, WeightLanes& lanes) noexcept;

void weightPieceReference(const WeightPiece& piece, WeightLanes& lanes) noexcept;
void weightPieceAvx2(const WeightPiece& piece, WeightLanes& lanes) noexcept;
void weightPieceAvx512(const WeightPiece& piece, WeightLanes& lanes) noexcept;

}  // namespace bitlathe
