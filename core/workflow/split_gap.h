// Whether a network fares worse on samples that were held out than on those that it was calibrated on, by more than the
// luck of the draw: then its ranges fit the calibration samples too closely. Knows no datasets.
#pragma once

#include "core/workflow/evaluate.h"

#include <optional>
#include <string>

namespace bitlathe {

// One figure on both kinds of samples. A gap above 0: worse on the held-out ones. `noise` is two standard errors of
// the gap, which a gap of pure chance exceeds once in 44 times. NaN where it cannot be known.
struct GapFigure {
    double gap = 0, noise = 0;
    bool beyond() const noexcept { return gap > noise; }  // false for NaN
};

struct SplitGap {
    // Shares of samples, 0..1. k of n samples agree, p = (k + 1)/(n + 2) (Agresti, Caffo 2000):
    // noise = 2·√(p₁(1 − p₁)/(n₁ + 2) + p₂(1 − p₂)/(n₂ + 2)).
    GapFigure agreement;
    // What top-1 lost against float on the same samples, so that samples which float was trained on do not count:
    // d = (lost − gained)/n; noise from the variance of one sample's −1, 0 or 1. Only where both have labels.
    std::optional<GapFigure> top1Loss;
    // dB; noise from the spread of the samples' own errors (Evaluation::outputSqnrErrorDb).
    GapFigure sqnrDb;
    // Float itself is better on the calibration samples by more than noise: it may have been trained on them.
    std::optional<GapFigure> floatTop1;

    // Held-out samples fare better by more than noise.
    bool better() const noexcept { return agreement.gap < -agreement.noise || (top1Loss && top1Loss->gap < -top1Loss->noise) || sqnrDb.gap < -sqnrDb.noise; }
    bool overfits() const noexcept { return agreement.beyond() || (top1Loss && top1Loss->beyond()) || sqnrDb.beyond(); }
};

// Both of the same network; `samples` of each counts, whatever an output has of positions.
SplitGap splitGap(const Evaluation& calibration, const Evaluation& heldOut);

// One or two plain sentences with all figures that matter.
std::string gapText(const SplitGap& gap, const Evaluation& calibration, const Evaluation& heldOut);

}  // namespace bitlathe
