// What each width would cost and give: SQNR against bits per weight, the current choice marked.
#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/plot.h"

namespace bitlathe {

namespace {

constexpr float catchRadius = 9;  // logical pixels around a point

bool shown(const SizePoint& point) { return std::isfinite(point.sqnrDb); }

class SizePicture {
public:
    SizePicture(PlotFrame& frame, const PlotData& data) : m_frame(frame), m_data(data) {}

    void drawCurve(const SizeCurve& curve, bool own) const {
        const Rgba color = own ? m_frame.colors().real : m_frame.colors().dimmed;
        std::vector<ImVec2> line;
        for (const SizePoint& p : curve.points)
            if (shown(p)) line.push_back(placeOf(p));
        m_frame.list()->AddPolyline(line.data(), int(line.size()), m_frame.ink(color), 0, m_frame.scaled(own ? 1.5f : 1.0f));
        for (const ImVec2& at : line) m_frame.list()->AddCircleFilled(at, m_frame.scaled(own ? 3.0f : 1.5f), m_frame.ink(color), 16);
    }

    void drawOthers() {
        for (const SizePoint& p : m_data.otherFormats)
            if (shown(p)) {
                const ImVec2 at = placeOf(p);
                const float r = m_frame.scaled(3.5f);
                m_frame.list()->AddQuadFilled(ImVec2(at.x, at.y - r), ImVec2(at.x + r, at.y), ImVec2(at.x, at.y + r), ImVec2(at.x - r, at.y), m_frame.ink(m_frame.colors().text, 0.75f));
                block(at, m_frame.scaled(5));
            }
    }

    // The present choice: a ring, and in words what it is.
    void drawCurrent(const SizePoint& p) {
        const Colors& c = m_frame.colors();
        const ImVec2 at = placeOf(p);
        m_frame.list()->AddCircleFilled(at, m_frame.scaled(8), m_frame.ink(c.quantized.withAlpha(70)), 24);
        m_frame.list()->AddCircleFilled(at, m_frame.scaled(4.5f), m_frame.ink(c.quantized), 20);
        m_frame.list()->AddCircle(at, m_frame.scaled(8), m_frame.ink(c.quantized), 24, m_frame.scaled(1));
        block(at, m_frame.scaled(9));
        if (m_frame.area().width() < m_frame.scaled(150)) return;
        const std::string words = (m_frame.area().width() < m_frame.scaled(260) ? "now " : "now: " + fixedText(p.bitsPerWeight, 2) + " bits/weight, ") + decibelText(p.sqnrDb);
        label(at, words, c.quantized, m_frame.scaled(11));
    }

    // The widths beside the points of the own curve, and the names of other formats, as far as there is room.
    void drawNames() {
        if (m_data.sizeCurves.empty()) return;
        for (const SizePoint& p : m_data.sizeCurves.front().points)
            if (shown(p)) block(placeOf(p), m_frame.scaled(4));
        for (const SizePoint& p : m_data.sizeCurves.front().points)
            if (shown(p) && p.bits != m_data.currentBits) label(placeOf(p), std::to_string(p.bits) + "-bit", m_frame.colors().dimmed, m_frame.scaled(6));
        if (m_frame.area().width() < m_frame.scaled(240)) return;
        for (const SizePoint& p : m_data.otherFormats)
            if (shown(p)) label(placeOf(p), std::string(p.format), m_frame.colors().dimmed, m_frame.scaled(6));
    }

    // The point under the pointer, on the first curve or beside it.
    const SizePoint* near() const {
        const SizePoint* found = nullptr;
        float best = m_frame.scaled(catchRadius);
        const auto look = [&](const SizePoint& p) {
            if (!shown(p)) return;
            const ImVec2 at = placeOf(p);
            const float distance = std::hypot(at.x - m_frame.pointer().x, at.y - m_frame.pointer().y);
            if (!m_frame.hovered() || distance > best) return;
            best = distance;
            found = &p;
        };
        for (const SizePoint& p : m_data.otherFormats) look(p);
        for (const SizePoint& p : m_data.sizeCurves.front().points) look(p);
        return found;
    }

    ImVec2 placeOf(const SizePoint& p) const { return ImVec2(m_frame.px(p.bitsPerWeight), m_frame.py(p.sqnrDb)); }

private:
    void block(ImVec2 at, float radius) { m_taken.push_back({ImVec2(at.x - radius, at.y - radius), ImVec2(at.x + radius, at.y + radius)}); }

    // At the first place around the point where it covers nothing; nowhere when there is none.
    void label(ImVec2 at, const std::string& words, Rgba color, float away) {
        ImFont* font = m_frame.fonts().small;
        const float width = m_frame.textWidth(font, words), height = font->FontSize;
        const ImVec2 places[] = {{at.x + away, at.y + away * 0.3f}, {at.x - away - width, at.y - away * 0.3f - height}, {at.x + away, at.y - height / 2}, {at.x - away - width, at.y - height / 2},
                                 {at.x - width / 2, at.y + away}, {at.x - width / 2, at.y - away - height}, {at.x + away, at.y - away - height}, {at.x - away - width, at.y + away * 0.3f}};
        const PlotRect& area = m_frame.area();
        for (const ImVec2& place : places) {
            const PlotRect box{place, ImVec2(place.x + width, place.y + height)};
            if (box.min.x < area.min.x + 2 || box.max.x > area.max.x - 2 || box.min.y < area.min.y + 2 || box.max.y > area.max.y - 2) continue;
            const bool covers = std::any_of(m_taken.begin(), m_taken.end(), [&](const PlotRect& t) { return t.min.x < box.max.x && box.min.x < t.max.x && t.min.y < box.max.y && box.min.y < t.max.y; });
            if (covers) continue;
            m_frame.text(font, place, color, words);
            m_taken.push_back(box);
            return;
        }
    }

    PlotFrame& m_frame;
    const PlotData& m_data;
    std::vector<PlotRect> m_taken;
};

void explain(PlotFrame& frame, const SizePoint& p, const PlotData& data) {
    std::vector<std::pair<std::string, std::string>> lines;
    if (!p.format.empty()) lines.push_back({"format", std::string(p.format)});
    lines.push_back({"width", std::to_string(p.bits) + (p.bits == 1 ? " bit" : " bits")});
    lines.push_back({"stored", fixedText(p.bitsPerWeight, 2) + " bits/weight"});
    lines.push_back({"size", bytesText(p.bytes)});
    lines.push_back({"SQNR", decibelText(p.sqnrDb)});
    lines.push_back({"", p.format.empty() && p.bits == data.currentBits ? "the present choice" : "click to choose it"});
    frame.readOut(lines);
}

}  // namespace

void drawSizeAgainstError(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Size against error", .subtitle = "SQNR", .xLabel = "stored size, bits per weight", .yUnit = " dB"};
    labels.wholeLegend = true;
    labels.keyboard = state.keyboard;
    Extent x{1e9, -1e9}, y{1e9, -1e9};
    const auto widen = [&](const SizePoint& p) {
        if (!shown(p)) return;
        x = {std::min(x.lo, p.bitsPerWeight), std::max(x.hi, p.bitsPerWeight)};
        y = {std::min(y.lo, p.sqnrDb), std::max(y.hi, p.sqnrDb)};
    };
    for (const SizeCurve& curve : data.sizeCurves) std::for_each(curve.points.begin(), curve.points.end(), widen);
    if (x.lo > x.hi) {
        const bool real = data.report && !data.report->scheme.weights;
        PlotFrame(context, state.view, card, labels).empty(real ? "This layer stays in float: choose a format to compare widths." : data.report || data.currentBits > 0 ? "Measuring the other widths\u2026" : "Select a layer to compare widths.");
        return;
    }
    std::for_each(data.otherFormats.begin(), data.otherFormats.end(), widen);
    if (y.lo > 0 && y.lo < y.hi / 2) y.lo = 0;
    if (!data.otherFormats.empty()) labels.legend.push_back({"other formats", c.text, LegendMark::Diamond});
    for (std::size_t i = data.sizeCurves.size(); i-- > 0;) labels.legend.push_back({data.sizeCurves[i].label, i == 0 ? c.real : c.dimmed, LegendMark::Line});
    if (data.currentBits > 0) labels.legend.push_back({"now", c.quantized, LegendMark::Dot});
    const double mx = std::max(x.size() * 0.09, 0.25), my = std::max(y.size() * 0.09, 0.5);
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin({x.lo - mx, x.hi + mx}, {y.lo == 0 ? 0 : y.lo - my, y.hi + my})) {
        SizePicture picture(frame, data);
        for (std::size_t i = data.sizeCurves.size(); i-- > 0;) picture.drawCurve(data.sizeCurves[i], i == 0);
        picture.drawOthers();
        for (const SizePoint& p : data.sizeCurves.front().points)
            if (p.bits == data.currentBits && shown(p)) picture.drawCurrent(p);
        picture.drawNames();
        if (const SizePoint* near = picture.near()) {
            ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
            frame.hideCrossHair();
            frame.list()->AddCircle(picture.placeOf(*near), frame.scaled(6.5f), c.text.packed(), 24, frame.scaled(1.5f));
            if (frame.clicked()) {
                if (near->codec.empty()) context.intents.push_back(SelectBits{near->bits});
                else context.intents.push_back(SelectFormat{near->codec, near->bits});
            }
            explain(frame, *near, data);
        } else if (frame.hovered() && state.view.drag == PlotView::Drag::None) {
            frame.readOut({{"size", fixedText(frame.xAt(frame.pointer().x), 2) + " bits/weight"}, {"SQNR", decibelText(frame.yAt(frame.pointer().y))}});
        }
    }
    frame.end();
}

}  // namespace bitlathe
