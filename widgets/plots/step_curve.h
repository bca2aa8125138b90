// A histogram as a density that can be drawn over another: the share of all weights per bin. Knows
// nothing of layers.
#pragma once

#include <span>
#include <vector>

#include "core/metrics/layer_report.h"
#include "widgets/plots/plot_frame.h"

namespace bitlathe {

// shares[i] belongs to [lo + i * width, lo + (i + 1) * width); 0..1 per bin of the histogram.
struct StepCurve {
    double lo = 0, width = 0;
    std::vector<double> shares;

    double hi() const { return lo + width * double(shares.size()); }
    double peak() const;
    double smallest() const;  // above zero; 0 when there is none
    Extent filled() const;    // from the first to the last bin that is not empty
    Extent visible() const;   // the part that is at least 1/300 of the peak
    double shareOutside(Extent x) const;
    int binAt(double x) const;  // -1 outside
};

StepCurve stepCurve(const Histogram& histogram);

// Neighbouring bins averaged until each is at least `width` wide: what one pixel column can show.
StepCurve coarsened(const StepCurve& curve, double width);

// How many neighbouring bins should be averaged so that the outline of `count` values is steady and not noise:
// about 2 · √count bins over what is filled. 1 for large counts.
double steadyBins(const StepCurve& curve, std::int64_t count);

// What quantized weights weigh around each level, on the same density scale: the share of the cell
// (to half way to its neighbours) per bin of `curve`. Levels ascending; beyond their ends cells go
// on with the last step as far as the curve is filled (groups with larger scales). None for more than
// 4096 levels: such a picture is the curve's own.
struct LevelBar {
    double level = 0, lo = 0, hi = 0;
    double share = 0;
    int levels = 1;  // several where cells are narrower than a bin, which cannot tell them apart
};
std::vector<LevelBar> levelBars(const StepCurve& curve, std::span<const float> levels);

// Fill below the steps, and their outline, crisp at any scale.
void drawSteps(const PlotFrame& frame, const StepCurve& curve, Rgba color, float fill, float line);
void drawBars(const PlotFrame& frame, std::span<const LevelBar> bars, Rgba color, float strength);

// Says in the lower corners how much lies outside of what is shown, and on which side.
void drawBeyond(const PlotFrame& frame, Extent shown, const StepCurve& curve);

}  // namespace bitlathe
