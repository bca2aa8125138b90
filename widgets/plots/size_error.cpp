// What each width would cost and give: SQNR against bits per weight, the current choice marked.
#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/plot.h"

namespace bitlathe {

namespace {

constexpr float catchRadius = 9;  // logical pixels around a point

void drawCurve(const PlotFrame& frame, const SizeCurve& curve, Rgba color, bool points) {
    std::vector<ImVec2> line;
    for (const SizePoint& p : curve.points)
        if (std::isfinite(p.sqnrDb)) line.push_back(ImVec2(frame.px(p.bitsPerWeight), frame.py(p.sqnrDb)));
    frame.list()->AddPolyline(line.data(), int(line.size()), frame.ink(color), 0, frame.scaled(points ? 1.5f : 1.0f));
    if (!points) return;
    for (const ImVec2& at : line) frame.list()->AddCircleFilled(at, frame.scaled(3), frame.ink(color), 16);
}

}  // namespace

void drawSizeAgainstError(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Size against error", .subtitle = "SQNR, dB", .xLabel = "bits per weight"};
    labels.keyboard = state.keyboard;
    Extent x{1e9, -1e9}, y{0, -1e9};
    std::size_t points = 0;
    for (const SizeCurve& curve : data.sizeCurves)
        for (const SizePoint& p : curve.points) {
            if (!std::isfinite(p.sqnrDb)) continue;
            x = {std::min(x.lo, p.bitsPerWeight), std::max(x.hi, p.bitsPerWeight)};
            y = {std::min(y.lo, p.sqnrDb), std::max(y.hi, p.sqnrDb)};
            ++points;
        }
    if (points == 0) {
        PlotFrame(context, state.view, card, labels).empty(data.report ? "Measuring the other widths\u2026" : "Select a layer to compare widths.");
        return;
    }
    for (std::size_t i = 0; i < data.sizeCurves.size(); ++i)
        labels.legend.push_back({data.sizeCurves[i].label, i == 0 ? c.real : c.dimmed, LegendMark::Line});
    std::reverse(labels.legend.begin(), labels.legend.end());
    const double mx = std::max(x.size() * 0.07, 0.25), my = std::max(y.size() * 0.07, 0.5);
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin({x.lo - mx, x.hi + mx}, {y.lo < 0 ? y.lo - my : y.lo, y.hi + my})) {
        for (std::size_t i = data.sizeCurves.size(); i-- > 0;) drawCurve(frame, data.sizeCurves[i], i == 0 ? c.real : c.dimmed, i == 0);
        const SizeCurve& curve = data.sizeCurves.front();
        const SizePoint* near = nullptr;
        float best = frame.scaled(catchRadius);
        for (const SizePoint& p : curve.points) {
            if (!std::isfinite(p.sqnrDb)) continue;
            const ImVec2 at(frame.px(p.bitsPerWeight), frame.py(p.sqnrDb));
            if (p.bits == data.currentBits) {
                frame.list()->AddCircleFilled(at, frame.scaled(8), frame.ink(c.quantized.withAlpha(70)), 24);
                frame.list()->AddCircleFilled(at, frame.scaled(4.5f), frame.ink(c.quantized), 20);
            }
            const float distance = std::hypot(at.x - frame.pointer().x, at.y - frame.pointer().y);
            if (frame.hovered() && distance <= best) {
                best = distance;
                near = &p;
            }
        }
        if (near) {
            ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
            frame.hideCrossHair();
            frame.list()->AddCircle(ImVec2(frame.px(near->bitsPerWeight), frame.py(near->sqnrDb)), frame.scaled(6.5f), c.text.packed(), 24, frame.scaled(1.5f));
            if (frame.clicked()) context.intents.push_back(SelectBits{near->bits});
            frame.readOut({{"width", std::to_string(near->bits) + (near->bits == 1 ? " bit" : " bits")},
                           {"stored", fixedText(near->bitsPerWeight, 2) + " bits/weight"},
                           {"size", bytesText(near->bytes)},
                           {"SQNR", decibelText(near->sqnrDb)}});
        } else if (frame.hovered() && state.view.drag == PlotView::Drag::None) {
            frame.readOut({{"bits/weight", fixedText(frame.xAt(frame.pointer().x), 2)}, {"SQNR", decibelText(frame.yAt(frame.pointer().y))}});
        }
    }
    frame.end();
}

}  // namespace bitlathe
