// Float weights against quantized ones on one density scale, with the levels and the clip lines.
#include <algorithm>
#include <cmath>
#include <optional>

#include "widgets/plots/clip_handles.h"
#include "widgets/plots/number_text.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/step_curve.h"
#include "widgets/plots/ticks.h"

namespace bitlathe {

namespace {

// Small marks on the axis, one per level, while they can be told apart.
void drawLevels(const PlotFrame& frame, const LayerReport& report) {
    const PlotRect& area = frame.area();
    float last = -1e9f;
    for (const float level : report.transfer.levels) {
        const float x = std::floor(frame.px(level));
        if (x - last < frame.scaled(3) && last > -1e8f) return;
        last = x;
    }
    const float width = std::max(1.0f, std::round(frame.scaled(1)));
    for (const float level : report.transfer.levels) {
        const float x = std::floor(frame.px(level));
        frame.list()->AddRectFilled(ImVec2(x, area.max.y - frame.scaled(5)), ImVec2(x + width, area.max.y), frame.ink(frame.colors().quantized));
    }
}

void explain(PlotFrame& frame, const LayerReport& report, const StepCurve& real, bool quantized) {
    const double weight = frame.xAt(frame.pointer().x);
    std::vector<std::pair<std::string, std::string>> lines{{"weight", valueText(weight, 3, true)}};
    if (quantized && !report.transfer.levels.empty()) {
        const auto after = std::lower_bound(report.transfer.levels.begin(), report.transfer.levels.end(), float(weight));
        auto nearest = after;
        if (after == report.transfer.levels.end() || (after != report.transfer.levels.begin() && weight - *(after - 1) < *after - weight)) nearest = after - 1;
        lines.push_back({"level", valueText(*nearest, 3, true) + "  (" + countText(std::uint64_t(nearest - report.transfer.levels.begin()) + 1) + " of " +
                                      countText(report.transfer.levels.size()) + ")"});
        lines.push_back({"error", valueText(weight - double(*nearest), 3, true)});
    }
    const int bin = real.binAt(weight);
    if (bin >= 0) {
        if (report.exact()) lines.push_back({"count", weightsText(report.weights.counts[std::size_t(bin)])});
        lines.push_back({"share", percentText(real.shares[std::size_t(bin)])});
    }
    frame.readOut(lines);
}

// What can be seen of the weights on the chosen scale; clip lines not far from them count as seen.
Extent fitOf(const LayerReport& report, const StepCurve& real, bool log) {
    Extent fit = log ? real.filled() : real.visible();
    constexpr double near = 1.8;
    if (report.scheme.weights && report.clipLo < report.clipHi) {
        if (report.clipLo < fit.lo && report.clipLo > fit.lo * near) fit.lo = report.clipLo;
        if (report.clipHi > fit.hi && report.clipHi < fit.hi * near) fit.hi = report.clipHi;
    }
    const double margin = std::max(fit.size() * 0.06, real.width);
    return {fit.lo - margin, fit.hi + margin};
}

}  // namespace

void drawWeightHistogram(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Weight distribution", .subtitle = "% of weights per bin", .xLabel = "weight value", .legend = {}, .logY = data.logCounts};
    labels.keyboard = state.keyboard;
    if (!data.report || data.report->weights.counts.empty()) {
        PlotFrame(context, state.view, card, labels)
            .empty(data.report ? data.report->note.empty() ? "This layer has no weights to show." : data.report->note : "Select a layer to see its weights.");
        return;
    }
    const LayerReport& report = *data.report;
    const bool quantized = report.scheme.weights.has_value() && !data.floatOnly;
    if (quantized) labels.legend.push_back({data.quantizedLabel.empty() ? "quantized" : data.quantizedLabel, c.quantized, LegendMark::Bar});
    labels.legend.push_back({"float32", c.real, LegendMark::Line});
    labels.doneFraction = report.doneFraction;
    labels.notice = report.note;

    const StepCurve real = stepCurve(report.weights);
    const StepCurve coded = quantized ? stepCurve(report.quantized) : StepCurve{};
    const std::vector<LevelBar> bars = levelBars(coded, report.transfer.levels);
    double top = real.peak();
    for (const LevelBar& bar : bars) top = std::max(top, bar.share);
    if (quantized && bars.empty()) top = std::max(top, coded.peak());
    const bool here = card.contains(ImGui::GetIO().MousePos);
    if (!state.fit || (context.frame.doubleClicked && here)) state.fit = fitOf(report, real, data.logCounts);
    const Extent fitY = data.logCounts ? Extent{std::max(real.smallest(), top * 1e-9) * 60, top * 160} : Extent{0, roundUp(top * 104)};

    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin(*state.fit, fitY)) {
        // Shares are drawn in per cent.
        const auto percent = [](StepCurve curve) {
            for (double& s : curve.shares) s *= 100;
            return curve;
        };
        const auto percentBars = [](std::vector<LevelBar> all) {
            for (LevelBar& bar : all) bar.share *= 100;
            return all;
        };
        std::optional<ClipHandles> clip;
        if (quantized) clip.emplace(frame, context, state, report);
        if (clip) clip->shade();
        drawSteps(frame, percent(real), c.real, 0.22f, 0);
        if (quantized && data.ghost && data.ghostStrength > 0 && data.ghost->scheme.weights) {
            const std::vector<LevelBar> old = percentBars(levelBars(stepCurve(data.ghost->quantized), data.ghost->transfer.levels));
            drawBars(frame, old, mix(c.quantized, c.dimmed, 0.6f), 0.5f * data.ghostStrength);
        }
        if (!bars.empty()) drawBars(frame, percentBars(bars), c.quantized, 1);
        else if (quantized) drawSteps(frame, percent(coded), c.quantized, 0.3f, 1);
        drawSteps(frame, percent(real), c.real, 0, 1);
        if (quantized) drawLevels(frame, report);
        if (clip) clip->draw();
        drawBeyond(frame, state.view.x, real);
        if (frame.hovered() && state.view.drag == PlotView::Drag::None && !(clip && clip->underPointer())) explain(frame, report, real, quantized);
    }
    frame.end();
}

}  // namespace bitlathe
