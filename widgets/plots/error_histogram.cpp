// How the error of a weight is distributed: x − x̂ over all weights.
#include <algorithm>

#include "core/base/number_text.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/step_curve.h"
#include "widgets/plots/ticks.h"

namespace bitlathe {

void drawErrorHistogram(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Quantization error", .subtitle = "% per bin", .xLabel = "weight \u2212 quantized weight", .yUnit = " %", .logY = data.logCounts};
    labels.keyboard = state.keyboard;
    if (!data.report || !data.report->scheme.weights || data.report->errors.counts.empty()) {
        PlotFrame(context, state.view, card, labels).empty(data.report ? "This layer stays in float: there is no error." : "No layer is selected.");
        return;
    }
    const LayerReport& report = *data.report;
    labels.doneFraction = report.doneFraction;
    if (report.error.maximum == 0) {
        PlotFrame(context, state.view, card, labels).empty("Every weight is represented exactly.");
        return;
    }
    const StepCurve shares = stepCurve(report.errors);
    StepCurve curve = coarsened(shares, shares.width * steadyBins(shares, report.statistics.count));
    for (double& s : curve.shares) s *= 100 * (curve.width / shares.width);  // of a bin as it is drawn
    // A few clipped weights have errors far out: the linear scale fits what can be seen.
    const Extent filled = data.logCounts ? curve.filled() : curve.visible();
    const double margin = std::max(filled.size() * 0.12, curve.width);
    const double top = curve.peak();
    const Extent fitY = data.logCounts ? Extent{std::max(curve.smallest(), top * 1e-9) * 0.6, top * 1.6} : Extent{0, roundUp(top * 1.04)};
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin({filled.lo - margin, filled.hi + margin}, fitY)) {
        if (data.ghost && data.ghostStrength > 0) {
            StepCurve old = stepCurve(data.ghost->errors);
            for (double& s : old.shares) s *= 100 * curve.width / std::max(old.width, 1e-300);
            drawSteps(frame, old, mix(c.error, c.dimmed, 0.6f), 0.12f * data.ghostStrength, 0.7f * data.ghostStrength);
        }
        drawSteps(frame, curve, c.error, 0.35f, 1);
        drawBeyond(frame, state.view.x, shares);
        if (frame.hovered() && state.view.drag == PlotView::Drag::None) {
            const double error = frame.xAt(frame.pointer().x);
            std::vector<std::pair<std::string, std::string>> lines{{"error", valueText(error, 3, true)}};
            const int bin = curve.binAt(error);
            if (bin >= 0) {
                const double share = curve.shares[std::size_t(bin)] / 100;
                if (report.exact()) lines.push_back({"in this bin", weightsText(std::uint64_t(std::llround(share * double(report.statistics.count))))});
                lines.push_back({"share", percentText(share)});
            }
            lines.push_back({"RMS error", valueText(report.error.rootMeanSquare, 3)});
            lines.push_back({"largest", valueText(report.error.maximum, 3)});
            frame.readOut(lines);
        }
    }
    frame.end();
}

}  // namespace bitlathe
