// Searches for the scales of one part of a GGUF block, as ggml's reference encoders make them (their
// descriptions: make_qx, make_q3, make_qkx2, make_qp). They work on a few values and know no layouts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bitlathe {

// Parts whose searches run side by side: value i of part p is x[i][p]. Parts are filled one by one; what is
// missing in one weighs nothing.
struct SideBySide {
    static constexpr int kParts = 4;
    using Row = std::array<float, kParts>;
    std::size_t count = 0;  // of the longest part
    alignas(32) std::array<Row, 32> x{}, weights{};

    void set(int part, std::span<const float> values, std::span<const float> w) noexcept;
};

// x ≈ scale · code, codes from −top to top − 1. 19 trial scales around largest / −top; the best least-squares
// scale over the codes of each. 0 for a part of zeros.
SideBySide::Row signedScales(const SideBySide& parts, int top) noexcept;
float signedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept;

// The same codes; one trial, then codes are moved one by one while Σ w · error² falls, five times at most.
float refinedSignedScale(std::span<const float> x, std::span<const float> weights, int top) noexcept;

struct TrialScales {
    float first = 0, step = 0;  // added to the number of steps between the ends
    int count = 0;              // of steps beyond the first
    bool absolute = false;      // compare Σ w · |error| rather than Σ w · error²
};
struct ScalesAndMins {
    SideBySide::Row scale{}, min{};
};
// x ≈ scale · code − min, codes from 0 to top, min >= 0: weighted least squares over the codes of each trial.
ScalesAndMins scalesAndMins(const SideBySide& parts, int top, const TrialScales& trials) noexcept;

// x ≈ scale · code for x >= 0, codes from 0 to top, written to codes: for scales of scales.
float unsignedScale(std::span<const float> x, std::span<const float> weights, int top, std::span<std::int8_t> codes) noexcept;

// x ≈ scale · level of IQ4, trials around largest / the first level.
float iq4Scale(std::span<const float> x, std::span<const float> weights) noexcept;

// The code of the level of least distance; a tie goes up.
int nearestIq4(float x) noexcept;

// To nearest, ties to even, within ends that are far below 2^22; NaN becomes lo.
int nearestWithin(float x, int lo, int hi) noexcept;

// The first value of largest magnitude; 0 for an empty span.
float largestOf(std::span<const float> x) noexcept;

inline constexpr float kNoScale = 1e-15f;  // parts whose largest magnitude is below are taken as zeros

}  // namespace bitlathe
