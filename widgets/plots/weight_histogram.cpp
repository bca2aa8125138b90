// Float weights against quantized ones on one density scale, with the levels and the clip lines.
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/number_text.h"
#include "widgets/plots/clip_handles.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/step_curve.h"
#include "widgets/plots/ticks.h"
#include "widgets/plots/weight_axis.h"
#include "widgets/plots/weight_marks.h"

namespace bitlathe {

namespace {

// The share of the layer's quantized weights nearer to a level than to its neighbours.
struct LevelShares {
    std::vector<LevelBar> bars;
    double binWidth = 0;
    std::optional<double> at(double level) const {
        const auto bar = std::lower_bound(bars.begin(), bars.end(), level, [](const LevelBar& b, double x) { return b.hi <= x; });
        if (bar == bars.end() || bar->levels > 1 || binWidth <= 0) return std::nullopt;
        return bar->share * (bar->hi - bar->lo) / binWidth;
    }
};

void explain(PlotFrame& frame, const LayerReport& report, const StepCurve& real, const LevelShares& shares, bool quantized) {
    const double weight = frame.xAt(frame.pointer().x);
    const TransferCurve& curve = report.transfer;
    std::vector<std::pair<std::string, std::string>> lines{{"weight", valueText(weight, 3, true)}};
    const int bin = real.binAt(weight);
    if (bin >= 0) {
        const double part = real.shares[std::size_t(bin)] * (real.width / report.weights.binWidth());
        const std::string share = percentText(part) + " of the layer";
        lines.push_back({"in this bin", report.exact() ? weightsText(std::uint64_t(std::llround(part * double(report.statistics.count - report.statistics.notFinite)))) + ", " + share : share});
    }
    if (quantized && !curve.levels.empty()) {
        const std::size_t at = nearestLevel(curve.levels, weight);
        const double level = double(curve.levels[at]);
        frame.list()->AddRectFilled(ImVec2(std::floor(frame.px(level)), frame.area().min.y), ImVec2(std::floor(frame.px(level)) + std::max(1.0f, frame.scaled(1)), frame.area().max.y),
                                    frame.ink(frame.colors().quantized, 0.8f));
        lines.push_back({"nearest level", valueText(level, 3, true) + "   (" + countText(at + 1) + " of " + countText(curve.levels.size()) + ")"});
        if (at < curve.codes.size()) lines.push_back({"code", fixedText(curve.codes[at], 0)});
        if (const auto share = shares.at(level)) lines.push_back({"near it", percentText(*share) + " of the layer"});
        if (at < curve.counts.size())
            lines.push_back({"on it", countText(curve.counts[at]) + " of " + weightsText(std::uint64_t(curve.length)) + (report.exact() ? "" : ", sampled")});
        lines.push_back({"levels of", whoseText(curve)});
    }
    frame.readOut(lines);
}

}  // namespace

void drawWeightHistogram(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Weight distribution", .subtitle = "% of weights per bin", .xLabel = "weight value", .yUnit = " %", .legend = {}, .logY = data.logCounts};
    labels.keyboard = state.keyboard;
    if (!data.report || data.report->weights.counts.empty()) {
        PlotFrame(context, state.view, card, labels)
            .empty(data.report ? data.report->note.empty() ? "This layer has no weights to show." : data.report->note : "Select a layer to see its weights.");
        return;
    }
    const LayerReport& report = *data.report;
    const bool quantized = report.scheme.weights.has_value() && !data.floatOnly;
    // A density, so that heights stay where they are while bins get finer under the hand.
    labels.subtitle = "% of weights per " + valueText(report.weights.binWidth(), 3);
    if (quantized && !report.transfer.levels.empty())
        labels.legend.push_back({countText(report.transfer.levels.size()) + (report.transfer.levels.size() == 1 ? " level of " : " levels of ") + whoseText(report.transfer), c.quantized, LegendMark::Comb});
    if (quantized) labels.legend.push_back({data.quantizedLabel.empty() ? "quantized" : data.quantizedLabel, c.quantized, LegendMark::Bar});
    labels.legend.push_back({"float32", c.real, LegendMark::Line});
    labels.doneFraction = report.doneFraction;
    labels.notice = report.note;

    // Few weights in narrow bins are noise; the closer the hand looks, the finer the bins.
    const StepCurve fine = stepCurve(report.weights);
    const double closer = state.fit && !state.view.fitted ? std::min(state.view.x.size() / state.fit->size(), 1.0) : 1.0;
    const double binWidth = fine.width * std::max(1.0, std::floor(steadyBins(fine, report.statistics.count) * closer));
    const StepCurve real = coarsened(fine, binWidth);
    StepCurve coded = quantized ? stepCurve(report.quantized) : StepCurve{};
    std::vector<LevelBar> bars = levelBars(coded, report.transfer.levels);
    const LevelShares shares{bars, fine.width};
    if (!bars.empty() && (bars.back().hi - bars.front().lo) / double(bars.size()) * 3 < binWidth) bars.clear();
    coded = coarsened(coded, binWidth);
    double top = real.peak();
    for (const LevelBar& bar : bars) top = std::max(top, bar.share);
    if (quantized && bars.empty()) top = std::max(top, coded.peak());
    // A selected channel takes the curve over; the layer stays as an outline.
    const std::optional<StepCurve> channel = channelCurve(data);
    if (channel) top = std::max(top, channel->peak());
    const bool here = card.contains(ImGui::GetIO().MousePos);
    if (!state.fit || (context.frame.doubleClicked && here)) state.fit = weightFit(report, real, data.logCounts);
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
        drawLitBins(frame, data);
        const float layer = channel ? 0.4f : 1;
        drawSteps(frame, percent(channel ? *channel : real), c.real, 0.22f, 0);
        if (quantized && data.ghost && data.ghostStrength > 0 && data.ghost->scheme.weights) {
            const std::vector<LevelBar> old = percentBars(levelBars(stepCurve(data.ghost->quantized), data.ghost->transfer.levels));
            drawBars(frame, old, mix(c.quantized, c.dimmed, 0.6f), 0.5f * data.ghostStrength);
        }
        if (!bars.empty()) drawBars(frame, percentBars(bars), c.quantized, layer);
        else if (quantized) drawSteps(frame, percent(coded), mix(c.plot, c.quantized, layer), 0.3f * layer, 1);
        drawSteps(frame, percent(real), channel ? mix(c.plot, c.real, 0.45f) : c.real, 0, 1);
        if (channel) drawSteps(frame, percent(*channel), c.real, 0, 1);
        if (quantized) drawLevelMarks(frame, report.transfer);
        if (clip) clip->draw();
        drawBeyond(frame, state.view.x, real);
        drawPointOnAxis(frame, data);
        drawChannelNote(frame, data);
        if (frame.clicked() && frame.hovered() && !(clip && clip->underPointer())) {
            const WeightInterval* before = ImGui::GetIO().KeyShift && data.selection.interval ? &*data.selection.interval : nullptr;
            context.intents.push_back(SelectBin{binsAt(frame, real, frame.pointer().x, before)});
        }
        if (frame.hovered() && state.view.drag == PlotView::Drag::None && !(clip && clip->underPointer())) explain(frame, report, real, shares, quantized);
    }
    frame.end();
}

}  // namespace bitlathe
