// The number format in words, worked through on a weight of the layer; scrolls where the card is too low.
#include <algorithm>
#include <cmath>

#include "widgets/plots/plot.h"

namespace bitlathe {

namespace {

constexpr float titleColumn = 92;  // logical pixels
constexpr float narrowest = 330;   // below, titles stand above their text

struct Sheet {
    float height = 0;
    struct Run {
        ImVec2 at;  // from the top left of the sheet
        std::string words;
        bool title;
    };
    std::vector<Run> runs;
};

Sheet setOut(const PlotFrame& frame, const Explanation& explanation, float width) {
    Sheet sheet;
    const bool narrow = width < frame.scaled(narrowest);
    const float left = narrow ? 0 : frame.scaled(titleColumn), line = frame.fonts().body->FontSize + frame.scaled(4);
    for (const auto& [title, text] : explanation.lines) {
        sheet.runs.push_back({ImVec2(0, sheet.height), title, true});
        if (narrow) sheet.height += line;
        for (const std::string& words : frame.wrapped(frame.fonts().body, text, width - left)) {
            sheet.runs.push_back({ImVec2(left, sheet.height), words, false});
            sheet.height += line;
        }
        sheet.height += frame.scaled(5);
    }
    return sheet;
}

}  // namespace

void drawExplanation(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "How it works", .subtitle = data.explanation.heading};
    labels.keyboard = state.keyboard;
    PlotFrame frame(context, state.view, card, labels);
    if (data.explanation.lines.empty() || !data.report || !data.report->scheme.weights) {
        frame.empty(!data.report ? "Select a layer to see how its format works." : !data.report->scheme.weights ? "This layer stays in float: there is nothing to explain." : "Working through one weight\u2026");
        return;
    }
    const PlotRect room = frame.paper();
    if (room.height() < frame.scaled(16)) return;
    const Sheet sheet = setOut(frame, data.explanation, room.width() - frame.scaled(8));
    const float most = std::max(0.0f, sheet.height - room.height());
    if (context.frame.hovered && card.contains(ImGui::GetIO().MousePos)) state.scrolled -= ImGui::GetIO().MouseWheel * frame.scaled(30);
    for (const KeyPress& press : context.frame.keys)
        if (state.keyboard && (press.key == CanvasKey::Down || press.key == CanvasKey::Up)) state.scrolled += frame.scaled(press.key == CanvasKey::Down ? 30 : -30);
    state.scrolled = std::clamp(state.scrolled, 0.0f, most);
    frame.list()->PushClipRect(room.min, room.max, true);
    for (const Sheet::Run& run : sheet.runs)
        frame.text(frame.fonts().body, ImVec2(room.min.x + run.at.x, room.min.y + run.at.y - state.scrolled), run.title || data.explanation.stale ? c.dimmed : c.text, run.words);
    frame.list()->PopClipRect();
    if (most > 0) {
        const float length = std::max(room.height() * room.height() / sheet.height, frame.scaled(16)), top = room.min.y + (room.height() - length) * state.scrolled / most;
        frame.list()->AddRectFilled(ImVec2(room.max.x - frame.scaled(3), top), ImVec2(room.max.x, top + length), c.faint.packed(), frame.scaled(1.5f));
    }
}

}  // namespace bitlathe
