#include "widgets/plots/color_bar.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

void drawColorBar(const PlotFrame& frame, PlotRect card, const std::string& title, const std::function<Rgba(float)>& color, const std::string& low,
                  const std::string& high) {
    const float width = std::round(frame.scaled(card.width() < frame.scaled(260) ? 40 : 64)), height = frame.scaled(6), top = card.min.y + frame.scaled(14);
    float right = card.max.x - frame.scaled(12);
    const float textTop = card.min.y + frame.scaled(10);
    right -= frame.text(frame.fonts().small, ImVec2(right, textTop), frame.colors().dimmed, high, 1) + frame.scaled(6);
    const auto steps = int(width);
    const float left = std::round(right - width);
    for (int i = 0; i < steps; ++i)
        frame.list()->AddRectFilled(ImVec2(left + float(i), top), ImVec2(left + float(i) + 1, top + height), color((float(i) + 0.5f) / float(steps)).packed());
    const float titleEnd = card.min.x + frame.scaled(24) + frame.textWidth(frame.fonts().strong, title);
    if (left - frame.scaled(6) - frame.textWidth(frame.fonts().small, low) < titleEnd) return;
    frame.text(frame.fonts().small, ImVec2(left - frame.scaled(6), textTop), frame.colors().dimmed, low, 1);
}

ToolRow::ToolRow(const PlotFrame& frame, ImVec2 at, float right, bool free) : m_frame(frame), m_at(at), m_right(right), m_free(free) {}

bool ToolRow::fits(const std::string& text) const { return m_at.x + m_frame.textWidth(m_frame.fonts().small, text) + m_frame.scaled(12) <= m_right; }

bool ToolRow::button(const std::string& text, bool on) {
    if (!fits(text)) return false;
    const Colors& c = m_frame.colors();
    const float width = std::round(m_frame.textWidth(m_frame.fonts().small, text) + m_frame.scaled(12)), tall = std::round(m_frame.scaled(18));
    const PlotRect place{m_at, ImVec2(m_at.x + width, m_at.y + tall)};
    const bool under = m_free && place.contains(m_frame.pointer());
    if (on || under) m_frame.list()->AddRectFilled(place.min, place.max, (on ? c.selection : c.hover).packed(), m_frame.scaled(4));
    if (on) m_frame.list()->AddRect(place.min, place.max, c.accent.packed(), m_frame.scaled(4));
    m_frame.text(m_frame.fonts().small, ImVec2(place.min.x + m_frame.scaled(6), place.min.y + (tall - m_frame.fonts().small->FontSize) / 2), on || under ? c.text : c.dimmed, text);
    m_at.x = place.max.x + m_frame.scaled(2);
    if (under) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    return under && ImGui::IsMouseClicked(0);
}

void ToolRow::gap() { m_at.x += m_frame.scaled(8); }

void ToolRow::words(const std::string& text) {
    if (m_at.x + m_frame.scaled(6) + m_frame.textWidth(m_frame.fonts().small, text) > m_right) return;
    m_frame.text(m_frame.fonts().small, ImVec2(m_right, m_at.y + m_frame.scaled(3)), m_frame.colors().dimmed, text, 1);
}

}  // namespace bitlathe
