// A colour scale with its numbers, for the title line of a map; and a row of small buttons below it. Know no
// data.
#pragma once

#include <functional>
#include <string>

#include "widgets/plots/plot_frame.h"

namespace bitlathe {

// Right-aligned in the card's title line. color: of 0 … 1 along the bar. The low number is left out where it
// would run into the title.
void drawColorBar(const PlotFrame& frame, PlotRect card, const std::string& title, const std::function<Rgba(float)>& color, const std::string& low,
                  const std::string& high);

// Buttons side by side from `at` on, of the height that PlotLabels::toolRow keeps free.
class ToolRow {
public:
    static constexpr float height = 24;  // logical pixels

    // free: no drag holds the pointer.
    ToolRow(const PlotFrame& frame, ImVec2 at, float right, bool free);
    // Draws it and tells whether it was clicked in this frame; false as well where there is no room left for it.
    bool button(const std::string& text, bool on);
    bool fits(const std::string& text) const;
    void gap();
    // Dimmed words up to the right end, right-aligned; left out where they do not fit.
    void words(const std::string& text);

private:
    const PlotFrame& m_frame;
    ImVec2 m_at;
    float m_right;
    bool m_free;
};

}  // namespace bitlathe
