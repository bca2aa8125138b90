// What quantization does to a number: x → x̂ as a staircase against the diagonal that float is, with the error
// x − x̂ below. The x axis is the histogram's.
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/number_text.h"
#include "widgets/plots/clip_handles.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/step_curve.h"
#include "widgets/plots/transfer_steps.h"
#include "widgets/plots/weight_axis.h"

namespace bitlathe {

namespace {

constexpr float stripShare = 0.26f;  // of the height, for the error

// x̂ over each column of pixels: flat where nothing changes, a riser where it does.
void drawStaircase(const PlotFrame& frame, const TransferSteps& steps, Rgba color, float strength, float bottom) {
    const PlotRect& area = frame.area();
    const ImU32 tint = frame.ink(color, strength);
    const float thick = std::max(1.0f, std::round(frame.scaled(1.5f)));
    float runStart = area.min.x, runY = -1;
    const auto flush = [&](float to) {
        if (runY >= area.min.y - thick && runY <= bottom) frame.list()->AddRectFilled(ImVec2(runStart, runY), ImVec2(to, std::min(runY + thick, bottom)), tint);
    };
    for (float x = area.min.x; x < area.max.x; ++x) {
        const Extent out = steps.outOver(frame.xAt(x), frame.xAt(x + 1));
        const float low = std::floor(frame.py(out.lo)), high = std::floor(frame.py(out.hi));
        if (low == high && low == runY) continue;
        flush(x + (low != high ? thick : 0));
        if (low != high && std::min(low, bottom) > high) frame.list()->AddRectFilled(ImVec2(x, std::max(high, area.min.y)), ImVec2(x + thick, std::min(low + thick, bottom)), tint);
        runStart = x;
        runY = high;
    }
    flush(area.max.x);
}

struct Strip {
    float top, middle, half;
    double peak;  // |error| at the strip's edge
};

Strip drawError(const PlotFrame& frame, const TransferSteps& steps) {
    const PlotRect& area = frame.area();
    const Colors& c = frame.colors();
    const float height = area.height() * stripShare;
    Strip strip{std::round(area.max.y - height), std::round(area.max.y - height / 2), height / 2 - frame.scaled(3), 0};
    strip.peak = steps.largestError({frame.xAt(area.min.x), frame.xAt(area.max.x)});
    frame.list()->AddRectFilled(ImVec2(area.min.x, strip.top), area.max, c.plot.packed());
    frame.list()->AddRectFilled(ImVec2(area.min.x, strip.top), ImVec2(area.max.x, strip.top + 1), c.border.packed());
    frame.list()->AddRectFilled(ImVec2(area.min.x, strip.middle), ImVec2(area.max.x, strip.middle + 1), c.grid.packed());
    if (!(strip.peak > 0)) return strip;
    const auto at = [&](double e) { return std::clamp(float(double(strip.middle) - e / strip.peak * double(strip.half)), strip.top + 1, area.max.y); };
    const float thin = std::max(1.0f, std::round(frame.scaled(1)));
    for (float x = area.min.x; x < area.max.x; ++x) {
        const Extent e = steps.errorOver(frame.xAt(x), frame.xAt(x + 1));
        const float high = std::floor(at(e.hi)), low = std::floor(at(e.lo));
        frame.list()->AddRectFilled(ImVec2(x, high), ImVec2(x + 1, std::max(low, high + thin)), frame.ink(c.error, low - high > strip.half ? 0.75f : 1.0f));
    }
    const std::string words = "x \u2212 x\u0302, \u00B1" + valueText(strip.peak, 2);
    const float width = frame.textWidth(frame.fonts().small, words), pad = frame.scaled(4);
    frame.list()->AddRectFilled(ImVec2(area.min.x + 1, strip.top + 1), ImVec2(area.min.x + width + 2 * pad, strip.top + frame.fonts().small->FontSize + pad), c.plot.withAlpha(225).packed());
    frame.text(frame.fonts().small, ImVec2(area.min.x + pad, strip.top + frame.scaled(2)), c.error, words);
    return strip;
}

void explain(PlotFrame& frame, const TransferCurve& curve, const TransferSteps& steps) {
    const double x = frame.xAt(frame.pointer().x);
    const double out = steps.outAt(x);
    const std::size_t at = nearestLevel(curve.levels, out);
    const ImVec2 point(frame.px(x), frame.py(out));
    if (point.y < frame.area().max.y - frame.area().height() * stripShare) frame.list()->AddCircleFilled(point, frame.scaled(4), frame.ink(frame.colors().quantized), 20);
    std::vector<std::pair<std::string, std::string>> lines{{"x", valueText(x, 4, true)}, {"x\u0302", valueText(out, 4, true)}, {"x \u2212 x\u0302", valueText(x - out, 3, true)}, {"code", at < curve.codes.size() ? fixedText(curve.codes[at], 0) : "none"}};
    if (const auto step = steps.stepAt(x))
        lines.push_back({"same for x", (step->lo <= steps.reach().lo ? "below" : valueText(step->lo, 3, true)) + std::string(step->lo <= steps.reach().lo ? " " : " \u2026 ") +
                                           (step->hi >= steps.reach().hi ? step->lo <= steps.reach().lo ? "any" : "\u221E" : valueText(step->hi, 3, true))});
    lines.push_back({"levels of", whoseText(curve)});
    frame.readOut(lines);
}

}  // namespace

void drawTransferCurve(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Transfer curve", .subtitle = "x\u0302 of x", .xLabel = "weight x", .legend = {{"float", c.real, LegendMark::Line}, {"quantized", c.quantized, LegendMark::Line}}};
    labels.keyboard = state.keyboard;
    if (!data.report || data.report->transfer.in.size() < 2 || data.report->transfer.levels.empty() || data.floatOnly) {
        PlotFrame(context, state.view, card, labels)
            .empty(!data.report ? "No layer is selected." : data.floatOnly || !data.report->scheme.weights ? "In float what goes in comes out." : "There is nothing to quantize.");
        return;
    }
    const LayerReport& report = *data.report;
    labels.doneFraction = report.doneFraction;
    const StepCurve real = stepCurve(report.weights);
    const bool here = card.contains(ImGui::GetIO().MousePos);
    if (!state.fit || (context.frame.doubleClicked && here)) state.fit = weightFit(report, real, data.logCounts);
    // Both axes are weights: the diagonal runs from corner to corner. The strip below takes its share.
    const auto above = [](Extent x) { return Extent{x.lo - x.size() * double(stripShare) / (1 - double(stripShare)), x.hi}; };
    if (!state.view.fitted) state.view.y = above(state.view.x);
    labels.leastY = (state.view.fitted ? *state.fit : state.view.x).lo;
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin(*state.fit, above(*state.fit))) {
        const TransferSteps steps(report.transfer);
        const float bottom = frame.area().max.y - frame.area().height() * stripShare;
        ClipHandles clip(frame, context, state, report);
        clip.shade();
        const ImVec2 from(frame.px(state.view.x.lo), frame.py(state.view.x.lo)), to(frame.px(state.view.x.hi), frame.py(state.view.x.hi));
        frame.list()->AddLine(from, to, frame.ink(c.real, 0.9f), std::max(1.0f, frame.scaled(1)));
        if (data.ghost && data.ghostStrength > 0 && !data.ghost->transfer.in.empty() && !data.ghost->transfer.levels.empty())
            drawStaircase(frame, TransferSteps(data.ghost->transfer), mix(c.quantized, c.dimmed, 0.6f), 0.6f * data.ghostStrength, bottom);
        drawStaircase(frame, steps, c.quantized, 1, bottom);
        drawError(frame, steps);
        clip.draw();
        if (frame.hovered() && state.view.drag == PlotView::Drag::None && !clip.underPointer()) explain(frame, report.transfer, steps);
    }
    frame.end();
}

}  // namespace bitlathe
