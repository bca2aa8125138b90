#include "core/workflow/split_gap.h"


#include <cmath>
#include <cstdio>
#include <limits>

namespace bitlathe {

namespace {

constexpr double kErrors = 2;  // standard errors that chance is granted

double varianceOfShare(double share, std::int64_t samples) {
    const double n = static_cast<double>(samples) + 2, p = (share * static_cast<double>(samples) + 1) / n;
    return p * (1 - p) / n;
}

GapFigure shares(double calibration, std::int64_t n1, double heldOut, std::int64_t n2) {
    return {calibration - heldOut, kErrors * std::sqrt(varianceOfShare(calibration, n1) + varianceOfShare(heldOut, n2))};
}

double lossOf(const Evaluation& e) { return e.samples > 0 ? static_cast<double>(e.lost - e.gained) / static_cast<double>(e.samples) : 0; }
// Half a sample more that lost and that gained, so that nothing lost is no certainty.
double varianceOfLoss(const Evaluation& e) {
    const double n = static_cast<double>(e.samples) + 2, mean = lossOf(e);
    return (static_cast<double>(e.lost + e.gained + 1) / n - mean * mean) / n;
}

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, std::fabs(value));
    return (value < 0 ? "−" : "") + std::string(text);
}
std::string percent(double share) { return fixed(share * 100, 1) + " %"; }
std::string points(double share) { return fixed(share * 100, 1) + " points"; }
std::string count(std::int64_t samples) { return std::to_string(samples) + (samples == 1 ? " sample" : " samples"); }

}  // namespace

SplitGap splitGap(const Evaluation& calibration, const Evaluation& heldOut) {
    SplitGap gap;
    gap.agreement = shares(calibration.agreement, calibration.samples, heldOut.agreement, heldOut.samples);
    if (calibration.labelled && heldOut.labelled) {
        gap.top1Loss = GapFigure{lossOf(heldOut) - lossOf(calibration), kErrors * std::sqrt(varianceOfLoss(calibration) + varianceOfLoss(heldOut))};
        gap.floatTop1 = shares(calibration.floatTop1, calibration.samples, heldOut.floatTop1, heldOut.samples);
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const bool known = std::isfinite(calibration.outputSqnrDb) && std::isfinite(heldOut.outputSqnrDb);
    gap.sqnrDb = {known ? calibration.outputSqnrDb - heldOut.outputSqnrDb : nan, kErrors * std::hypot(calibration.outputSqnrErrorDb, heldOut.outputSqnrErrorDb)};
    return gap;
}

std::string gapText(const SplitGap& gap, const Evaluation& calibration, const Evaluation& heldOut) {
    std::string text;
    if (gap.overfits()) {
        const auto add = [&](const std::string& one) { text += (text.empty() ? "" : "; ") + one; };
        if (gap.top1Loss && gap.top1Loss->beyond())
            add("quantization costs " + points(lossOf(heldOut)) + " of top-1 on them against " + points(lossOf(calibration)) + " (chance: ±" + points(gap.top1Loss->noise) + ")");
        if (gap.agreement.beyond())
            add("agreement with float is " + percent(heldOut.agreement) + " against " + percent(calibration.agreement) + " (chance: ±" + points(gap.agreement.noise) + ")");
        if (gap.sqnrDb.beyond())
            add("output SQNR is " + fixed(heldOut.outputSqnrDb, 1) + " dB against " + fixed(calibration.outputSqnrDb, 1) + " dB (chance: ±" + fixed(gap.sqnrDb.noise, 1) + " dB)");
        text = "Worse on the " + count(heldOut.samples) + " that were held out than on the " + std::to_string(calibration.samples) + " that calibrated: " + text +
               ". The ranges fit the calibration samples too closely, or the two differ in kind: calibrate on more, or more varied, samples, or with a range rule that clips less.";
    } else if (gap.better()) {
        text = "No sign of over-fitting: the " + count(heldOut.samples) + " held out fare better than the " + std::to_string(calibration.samples) + " that calibrated, by more than chance (agreement " +
               percent(heldOut.agreement) + " against " + percent(calibration.agreement) + ", chance ±" + points(gap.agreement.noise) + "): they are easier, or of another kind.";
    } else {
        text = "No sign of over-fitting: the " + count(heldOut.samples) + " held out fare like the " + std::to_string(calibration.samples) + " that calibrated, within chance (agreement ±" +
               points(gap.agreement.noise) + (std::isfinite(gap.sqnrDb.noise) ? ", output SQNR ±" + fixed(gap.sqnrDb.noise, 1) + " dB" : std::string()) + ").";
    }
    if (gap.floatTop1 && gap.floatTop1->beyond())
        text += " Float itself is " + points(gap.floatTop1->gap) + " better on the calibration samples (chance: ±" + points(gap.floatTop1->noise) +
                "): it may have been trained on them, so compare losses and not top-1.";
    return text;
}

}  // namespace bitlathe
