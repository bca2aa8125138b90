#include "widgets/plots/plot_frame.h"

#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/ticks.h"

namespace bitlathe {

namespace {

constexpr float clickSlack = 4;      // logical pixels between press and release of a click
constexpr double deepest = 1e-7;     // smallest share of the fit that can be shown
constexpr double widest = 25;        // largest multiple of it

Extent zoomed(Extent shown, double at, double factor, Extent fit) {
    const double size = std::clamp(shown.size() * factor, fit.size() * deepest, fit.size() * widest);
    const double share = (at - shown.lo) / shown.size();
    return {at - size * share, at + size * (1 - share)};
}

}  // namespace

PlotFrame::PlotFrame(PlotContext& context, PlotView& view, PlotRect card, PlotLabels labels)
    : m_context(context), m_view(view), m_card(card), m_area(card), m_labels(std::move(labels)),
      m_list(ImGui::GetWindowDrawList()), m_pointer(ImGui::GetIO().MousePos) {}

ImU32 PlotFrame::ink(Rgba color, float strength) const {
    const float preview = m_labels.doneFraction < 1 ? 0.75f : 1.0f;
    color.a = std::uint8_t(float(color.a) * std::clamp(strength, 0.0f, 1.0f) * preview + 0.5f);
    return color.packed();
}

float PlotFrame::textWidth(ImFont* font, const std::string& words) const {
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0, words.c_str(), words.c_str() + words.size()).x;
}

float PlotFrame::text(ImFont* font, ImVec2 at, Rgba color, const std::string& words, float align) const {
    const float width = textWidth(font, words);
    m_list->AddText(font, font->FontSize, ImVec2(std::round(at.x - width * align), std::round(at.y)), color.packed(),
                    words.c_str(), words.c_str() + words.size());
    return width;
}

void PlotFrame::dashedLine(ImVec2 from, ImVec2 to, Rgba color, float thickness) const {
    const float dash = scaled(5), gap = scaled(3), width = std::max(1.0f, std::round(scaled(thickness)));
    const ImU32 tint = ink(color);
    if (from.x == to.x) {
        const float x = std::floor(from.x);
        for (float y = from.y; y < to.y; y += dash + gap)
            m_list->AddRectFilled(ImVec2(x, y), ImVec2(x + width, std::min(y + dash, to.y)), tint);
    } else {
        const float y = std::floor(from.y);
        for (float x = from.x; x < to.x; x += dash + gap)
            m_list->AddRectFilled(ImVec2(x, y), ImVec2(std::min(x + dash, to.x), y + width), tint);
    }
}

void PlotFrame::drawCard() {
    const Colors& c = colors();
    const float radius = scaled(6);
    m_list->AddRectFilled(m_card.min, m_card.max, c.plot.packed(), radius);
    const bool ring = m_labels.keyboard && m_context.frame.focusRing;
    m_list->AddRect(m_card.min, m_card.max, (ring ? c.accent : c.border).packed(), radius, 0, ring ? scaled(1.5f) : 1);
    const float left = m_card.min.x + scaled(12), top = m_card.min.y + scaled(9);
    m_list->PushClipRect(m_card.min, m_card.max, true);
    float x = left + text(fonts().strong, ImVec2(left, top), c.text, m_labels.title);
    const float right = m_card.max.x - scaled(12) - m_labels.headRoomRight;
    if (m_labels.doneFraction < 1) {
        std::string words = "preview \u00B7 " + fixedText(std::floor(m_labels.doneFraction * 100), 0) + " %";
        if (x + scaled(8) + textWidth(fonts().small, words) > right) words = "preview";
        x += scaled(8) + text(fonts().small, ImVec2(x + scaled(8), top + scaled(1)), c.dimmed, words);
    } else if (!m_labels.subtitle.empty()) {
        // The legend says more than the subtitle: it is dropped first.
        if (x + scaled(8) + textWidth(fonts().small, m_labels.subtitle) + (m_labels.wholeLegend ? 0 : legendWidth()) < right)
            x += scaled(8) + text(fonts().small, ImVec2(x + scaled(8), top + scaled(1)), c.dimmed, m_labels.subtitle);
    }
    m_legendBelow = m_labels.wholeLegend && x + scaled(12) + legendWidth() > right && m_card.height() > scaled(160);
    if (m_legendBelow) drawLegend(m_card.max.x - scaled(12), top + scaled(18), left);
    else drawLegend(right, top, x + scaled(12));
    m_list->PopClipRect();
}

float PlotFrame::legendWidth() const {
    float width = 0;
    for (const LegendEntry& e : m_labels.legend) width += textWidth(fonts().small, e.text) + scaled(32);
    return width;
}

void PlotFrame::drawLegend(float right, float top, float left) {
    for (auto e = m_labels.legend.rbegin(); e != m_labels.legend.rend(); ++e) {
        const float width = textWidth(fonts().small, e->text);
        right -= width;
        if (right - scaled(20) < left) return;
        text(fonts().small, ImVec2(right, top + scaled(1)), colors().dimmed, e->text);
        const float middle = std::round(top + scaled(8)), x1 = std::round(right - scaled(6)), x0 = x1 - std::round(scaled(10));
        const ImU32 tint = e->color.packed();
        if (e->mark == LegendMark::Bar) {
            m_list->AddRectFilled(ImVec2(x0, middle - scaled(4)), ImVec2(x1, middle + scaled(4)), e->color.withAlpha(110).packed());
            m_list->AddRectFilled(ImVec2(x0, middle - scaled(4)), ImVec2(x1, middle - scaled(2)), tint);
        } else if (e->mark == LegendMark::Line) {
            m_list->AddRectFilled(ImVec2(x0, middle - std::round(scaled(1))), ImVec2(x1, middle + std::round(scaled(1))), tint);
        } else if (e->mark == LegendMark::Comb) {
            for (float x = x0; x < x1; x += std::round(scaled(3)))
                m_list->AddRectFilled(ImVec2(x, middle - std::round(scaled(3))), ImVec2(x + std::max(1.0f, std::round(scaled(1))), middle + std::round(scaled(3))), tint);
        } else if (e->mark == LegendMark::Diamond) {
            const float x = (x0 + x1) / 2, r = scaled(4);
            m_list->AddQuadFilled(ImVec2(x, middle - r), ImVec2(x + r, middle), ImVec2(x, middle + r), ImVec2(x - r, middle), tint);
        } else if (e->mark == LegendMark::Dot) {
            m_list->AddCircleFilled(ImVec2((x0 + x1) / 2, middle), scaled(3.5f), tint, 16);
        } else {
            dashedLine(ImVec2(x0, middle), ImVec2(x1, middle), e->color);
        }
        right = x0 - scaled(16);
    }
}

std::vector<std::string> PlotFrame::wrapped(ImFont* font, const std::string& words, float room) const {
    std::vector<std::string> lines(1);
    for (std::size_t at = 0; at < words.size();) {
        const std::size_t end = std::min(words.find(' ', at), words.size());
        const std::string word = words.substr(at, end - at);
        const std::string longer = lines.back().empty() ? word : lines.back() + ' ' + word;
        if (textWidth(font, longer) <= room || lines.back().empty()) lines.back() = longer;
        else lines.push_back(word);
        at = end + 1;
    }
    return lines;
}

PlotRect PlotFrame::paper() {
    drawCard();
    m_view.drag = PlotView::Drag::None;
    if (m_context.captured == &m_view) m_context.captured = nullptr;
    return {ImVec2(m_card.min.x + scaled(12), m_card.min.y + scaled(32)), ImVec2(m_card.max.x - scaled(12), m_card.max.y - scaled(8))};
}

void PlotFrame::empty(const std::string& sentence) {
    m_labels.legend.clear();
    m_labels.subtitle.clear();
    m_labels.doneFraction = 1;
    drawCard();
    m_view = {};
    if (m_context.captured == &m_view) m_context.captured = nullptr;
    m_list->PushClipRect(m_card.min, m_card.max, true);
    const ImVec2 middle((m_card.min.x + m_card.max.x) / 2, (m_card.min.y + m_card.max.y) / 2 - scaled(8));
    const std::vector<std::string> lines = wrapped(fonts().body, sentence, m_card.width() - scaled(32));
    float y = middle.y - scaled(9) * float(lines.size() - 1);
    for (const std::string& line : lines) {
        text(fonts().body, ImVec2(middle.x, y), colors().dimmed, line, 0.5f);
        y += scaled(18);
    }
    m_list->PopClipRect();
}

double PlotFrame::unitY(double y) const {
    if (!m_labels.logY) return (y - m_view.y.lo) / m_view.y.size();
    const double lo = std::log10(m_view.y.lo), hi = std::log10(m_view.y.hi);
    return (std::log10(std::max(y, 1e-300)) - lo) / (hi - lo);
}

float PlotFrame::px(double x) const {
    const double at = m_area.min.x + (x - m_view.x.lo) / m_view.x.size() * m_area.width();
    return float(std::clamp(at, double(m_area.min.x) - 4000, double(m_area.max.x) + 4000));
}

float PlotFrame::py(double y) const {
    const double at = m_area.max.y - unitY(y) * m_area.height();
    return float(std::clamp(at, double(m_area.min.y) - 4000, double(m_area.max.y) + 4000));
}

double PlotFrame::xAt(float px) const { return m_view.x.lo + double(px - m_area.min.x) / m_area.width() * m_view.x.size(); }

double PlotFrame::yAt(float py) const {
    const double unit = double(m_area.max.y - py) / m_area.height();
    if (!m_labels.logY) return m_view.y.lo + unit * m_view.y.size();
    const double lo = std::log10(m_view.y.lo), hi = std::log10(m_view.y.hi);
    return std::pow(10.0, lo + unit * (hi - lo));
}

bool PlotFrame::begin(Extent fitX, Extent fitY) {
    drawCard();
    m_fitX = fitX;
    m_fitY = fitY;
    if (!(m_fitX.hi > m_fitX.lo)) m_fitX = {fitX.lo - 0.5, fitX.lo + 0.5};
    if (!(m_fitY.hi > m_fitY.lo)) m_fitY = {fitY.lo, fitY.lo + 1};
    if (m_labels.logY && !(m_fitY.lo > 0)) m_fitY.lo = m_fitY.hi * 1e-6;
    if (m_view.fitted || (m_labels.logY && !(m_view.y.lo > 0))) {
        m_view.x = m_fitX;
        m_view.y = m_fitY;
    }

    const float lineHeight = fonts().small->FontSize;
    m_area.min.y = std::round(m_card.min.y + scaled(m_labels.notice.empty() ? 34 : 50) + (m_legendBelow ? scaled(16) : 0) + m_labels.toolRow);
    m_area.max.y = std::round(m_card.max.y - scaled(12) - lineHeight * (m_labels.xLabel.empty() ? 1 : 2));
    m_area.max.x = std::round(m_card.max.x - scaled(14));
    const float height = m_area.height();
    const auto noRoom = [this] {
        m_view.drag = PlotView::Drag::None;
        if (m_context.captured == &m_view) m_context.captured = nullptr;
        return false;
    };
    if (height < scaled(24)) return noRoom();

    const auto length = [this](const std::string& label) { return textWidth(fonts().small, label); };
    const auto tall = [lineHeight](const std::string&) { return lineHeight; };
    std::vector<Tick> y = m_labels.logY ? logTicks(m_view.y.lo, m_view.y.hi, height, scaled(8), tall)
                                              : linearTicks(m_view.y.lo, m_view.y.hi, height, scaled(14), tall, m_labels.wholeY);
    std::erase_if(y, [this](const Tick& t) { return t.value < m_labels.leastY; });
    if (!m_labels.yUnit.empty())
        for (auto t = y.rbegin(); t != y.rend(); ++t)
            if (!t->label.empty()) {
                t->label += m_labels.yUnit;
                break;
            }
    float margin = scaled(14);
    for (const Tick& t : y) margin = std::max(margin, length(t.label));
    m_area.min.x = std::round(m_card.min.x + scaled(18) + margin);
    if (m_area.width() < scaled(24)) return noRoom();

    m_view.area = m_area;
    const bool free = !m_context.captured || m_context.captured == &m_view;
    m_hovered = free && m_context.frame.hovered && m_area.contains(m_pointer);
    zoomWithWheel();
    zoomWithKeys();
    const std::vector<Tick> x = linearTicks(m_view.x.lo, m_view.x.hi, m_area.width(), scaled(m_area.width() < scaled(220) ? 8 : 18), length, m_labels.wholeX);
    drawAxes(x, y);
    m_list->PushClipRect(m_area.min, m_area.max, true);
    m_open = true;
    return true;
}

void PlotFrame::drawAxes(const std::vector<Tick>& x, const std::vector<Tick>& y) {
    const Colors& c = colors();
    const float lineHeight = fonts().small->FontSize;
    for (const Tick& t : x) {
        const float at = std::floor(px(t.value));
        const Rgba line = t.value == 0 && m_view.x.lo < 0 ? mix(c.grid, c.faint, 0.5f) : c.grid;
        m_list->AddRectFilled(ImVec2(at, m_area.min.y), ImVec2(at + 1, m_area.max.y), line.packed());
        // A label at the very edge is nudged inside the card.
        const float half = textWidth(fonts().small, t.label) / 2;
        const float centre = std::clamp(px(t.value), m_card.min.x + half + scaled(4), m_card.max.x - half - scaled(4));
        text(fonts().small, ImVec2(centre, m_area.max.y + scaled(4)), c.dimmed, t.label, 0.5f);
    }
    for (const Tick& t : y) {
        const float at = std::floor(py(t.value));
        if (at < m_area.min.y - 1 || at > m_area.max.y) continue;
        const Rgba line = t.label.empty() ? c.grid.withAlpha(110) : c.grid;
        m_list->AddRectFilled(ImVec2(m_area.min.x, at), ImVec2(m_area.max.x, at + 1), line.packed());
        text(fonts().small, ImVec2(m_area.min.x - scaled(6), at - lineHeight / 2), c.dimmed, t.label, 1);
    }
    m_list->AddRect(ImVec2(m_area.min.x - 1, m_area.min.y - 1), ImVec2(m_area.max.x + 1, m_area.max.y + 1), c.border.packed());
    if (!m_labels.xLabel.empty())
        text(fonts().small, ImVec2((m_area.min.x + m_area.max.x) / 2, m_area.max.y + scaled(5) + lineHeight), c.dimmed, m_labels.xLabel, 0.5f);
    if (!m_labels.notice.empty())
        text(fonts().small, ImVec2(m_card.min.x + scaled(12), m_card.min.y + scaled(28)), c.warning, m_labels.notice);
}

void PlotFrame::zoomWithWheel() {
    const ImGuiIO& io = ImGui::GetIO();
    if (!m_hovered || io.MouseWheel == 0 || m_view.drag != PlotView::Drag::None) return;
    const double factor = std::pow(0.8, double(io.MouseWheel));
    const double x = xAt(m_pointer.x), y = yAt(m_pointer.y);
    if (!io.KeyShift || m_labels.wheelY) m_view.x = zoomed(m_view.x, x, factor, m_fitX);
    if (io.KeyShift || m_labels.wheelY) {
        if (m_labels.logY) {
            const Extent log = zoomed({std::log10(m_view.y.lo), std::log10(m_view.y.hi)}, std::log10(y), factor,
                                      {std::log10(m_fitY.lo), std::log10(m_fitY.hi)});
            m_view.y = {std::pow(10.0, log.lo), std::pow(10.0, log.hi)};
        } else {
            m_view.y = zoomed(m_view.y, y, factor, m_fitY);
        }
    }
    m_view.fitted = false;
}

void PlotFrame::zoomWithKeys() {
    if (!m_labels.keyboard) return;
    for (const KeyPress& press : m_context.frame.keys) {
        if (press.key == CanvasKey::Enter) m_view.fitted = true;
        if (press.key != CanvasKey::Plus && press.key != CanvasKey::Minus) continue;
        m_view.x = zoomed(m_view.x, (m_view.x.lo + m_view.x.hi) / 2, press.key == CanvasKey::Plus ? 0.8 : 1.25, m_fitX);
        if (m_labels.wheelY && !m_labels.logY) m_view.y = zoomed(m_view.y, (m_view.y.lo + m_view.y.hi) / 2, press.key == CanvasKey::Plus ? 0.8 : 1.25, m_fitY);
        m_view.fitted = false;
    }
}

bool PlotFrame::pressed() const { return m_hovered && ImGui::IsMouseClicked(0) && !m_context.frame.doubleClicked && !m_context.captured; }

bool PlotFrame::clicked() const {
    const float dx = m_pointer.x - m_view.pressedAt.x, dy = m_pointer.y - m_view.pressedAt.y;
    return m_view.drag == PlotView::Drag::Box && ImGui::IsMouseReleased(0) && dx * dx + dy * dy <= scaled(clickSlack) * scaled(clickSlack);
}

bool PlotFrame::released() const { return dragging() && !ImGui::IsMouseDown(0); }

void PlotFrame::claimPress() {
    m_view.drag = PlotView::Drag::Own;
    m_view.pressedAt = m_pointer;
    m_context.captured = &m_view;
}

void PlotFrame::followDrag() {
    using Drag = PlotView::Drag;
    const ImGuiIO& io = ImGui::GetIO();
    const ImVec2 at(std::clamp(m_pointer.x, m_area.min.x, m_area.max.x), std::clamp(m_pointer.y, m_area.min.y, m_area.max.y));
    const auto start = [&](Drag drag) {
        m_view.drag = drag;
        m_view.pressedAt = at;
        m_view.pressedX = m_view.x;
        m_view.pressedY = m_view.y;
        m_context.captured = &m_view;
    };
    const auto stop = [&] {
        m_view.drag = Drag::None;
        m_context.captured = nullptr;
    };
    switch (m_view.drag) {
    case Drag::None:
        if (!m_hovered || m_context.captured) return;
        if (m_context.frame.doubleClicked) m_view.fitted = true;
        else if (ImGui::IsMouseClicked(0)) start(Drag::Box);
        else if (ImGui::IsMouseClicked(1) || ImGui::IsMouseClicked(2)) start(Drag::Pan);
        return;
    case Drag::Own:
        if (!io.MouseDown[0]) stop();
        return;
    case Drag::Pan: {
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
        if (m_pointer.x != m_view.pressedAt.x || m_pointer.y != m_view.pressedAt.y) {
            const double dx = double(m_view.pressedAt.x - m_pointer.x) / m_area.width() * m_view.pressedX.size();
            m_view.x = {m_view.pressedX.lo + dx, m_view.pressedX.hi + dx};
            const double dy = double(m_pointer.y - m_view.pressedAt.y) / m_area.height();
            if (m_labels.logY) {
                const double k = std::pow(m_view.pressedY.hi / m_view.pressedY.lo, dy);
                m_view.y = {m_view.pressedY.lo * k, m_view.pressedY.hi * k};
            } else {
                m_view.y = {m_view.pressedY.lo + dy * m_view.pressedY.size(), m_view.pressedY.hi + dy * m_view.pressedY.size()};
            }
            m_view.fitted = false;
        }
        if (!io.MouseDown[1] && !io.MouseDown[2]) stop();
        return;
    }
    case Drag::Box: {
        const ImVec2 lo(std::min(at.x, m_view.pressedAt.x), std::min(at.y, m_view.pressedAt.y));
        const ImVec2 hi(std::max(at.x, m_view.pressedAt.x), std::max(at.y, m_view.pressedAt.y));
        // A flat box zooms one axis only.
        const float slack = scaled(12);
        const bool byX = hi.x - lo.x >= slack, byY = hi.y - lo.y >= slack;
        if (byX || byY) {
            const ImVec2 a(byX ? lo.x : m_area.min.x, byY ? lo.y : m_area.min.y);
            const ImVec2 b(byX ? hi.x : m_area.max.x, byY ? hi.y : m_area.max.y);
            m_list->AddRectFilled(a, b, colors().accent.withAlpha(36).packed());
            m_list->AddRect(a, b, colors().accent.packed());
        }
        if (io.MouseDown[0]) return;
        if (byX || byY) {
            const Extent x{xAt(lo.x), xAt(hi.x)}, y{yAt(hi.y), yAt(lo.y)};
            if (byX && x.size() > m_fitX.size() * deepest) m_view.x = x;
            if (byY && y.size() > m_fitY.size() * deepest) m_view.y = y;
            m_view.fitted = false;
        }
        stop();
        return;
    }
    }
}

void PlotFrame::end() {
    if (!m_open) return;
    m_open = false;
    followDrag();
    if (m_hovered && m_crossHair && m_view.drag == PlotView::Drag::None) {
        const ImU32 line = colors().dimmed.withAlpha(120).packed();
        const float x = std::floor(m_pointer.x), y = std::floor(m_pointer.y);
        m_list->AddRectFilled(ImVec2(x, m_area.min.y), ImVec2(x + 1, m_area.max.y), line);
        m_list->AddRectFilled(ImVec2(m_area.min.x, y), ImVec2(m_area.max.x, y + 1), line);
    }
    m_list->PopClipRect();
}

void PlotFrame::readOut(const std::vector<std::pair<std::string, std::string>>& lines) {
    ImDrawList* above = ImGui::GetForegroundDrawList();
    ImFont* font = fonts().small;
    const float line = font->FontSize + scaled(3), pad = scaled(8), gap = scaled(10);
    float names = 0, values = 0;
    for (const auto& [name, value] : lines) {
        names = std::max(names, textWidth(font, name));
        values = std::max(values, textWidth(font, value));
    }
    const ImVec2 size(names + gap + values + 2 * pad, line * float(lines.size()) + 2 * pad - scaled(3));
    ImVec2 at(m_pointer.x + scaled(14), m_pointer.y + scaled(14));
    if (at.x + size.x > m_context.frame.width - scaled(4)) at.x = m_pointer.x - scaled(14) - size.x;
    if (at.y + size.y > m_context.frame.height - scaled(4)) at.y = m_pointer.y - scaled(14) - size.y;
    at = ImVec2(std::round(std::max(at.x, scaled(4))), std::round(std::max(at.y, scaled(4))));
    const ImVec2 to(at.x + std::round(size.x), at.y + std::round(size.y));
    const Colors& c = colors();
    above->AddRectFilled(ImVec2(at.x + scaled(1), at.y + scaled(2)), ImVec2(to.x + scaled(1), to.y + scaled(2)), Rgba{0, 0, 0, 50}.packed(), scaled(5));
    above->AddRectFilled(at, to, c.tooltip.packed(), scaled(5));
    above->AddRect(at, to, c.border.packed(), scaled(5));
    float y = at.y + pad;
    for (const auto& [name, value] : lines) {
        above->AddText(font, font->FontSize, ImVec2(at.x + pad, std::round(y)), c.dimmed.packed(), name.c_str());
        above->AddText(font, font->FontSize, ImVec2(std::round(at.x + pad + names + gap), std::round(y)), c.text.packed(), value.c_str());
        y += line;
    }
}

}  // namespace bitlathe
