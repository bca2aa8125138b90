// What plots over weight values share: the part of the axis that fits, and the words for whose levels are shown.
#pragma once

#include <string>

#include "core/metrics/layer_report.h"
#include "widgets/plots/plot_frame.h"
#include "widgets/plots/step_curve.h"

namespace bitlathe {

// What can be seen of the weights on the chosen scale; clip lines not far from them count as seen.
Extent weightFit(const LayerReport& report, const StepCurve& real, bool logCounts);

// The index of the level nearest to x; levels are ascending and not empty.
std::size_t nearestLevel(const std::vector<float>& levels, double x);

// Small marks above the axis, one per level. Where levels are closer than marks can be told apart, one mark
// stands for all on its pixels and its height says how many.
void drawLevelMarks(const PlotFrame& frame, const TransferCurve& curve);

}  // namespace bitlathe
