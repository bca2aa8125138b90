// The row of plots below the main one: which of them fit together on a page, and the tabs that turn pages.
// Knows no plots, only their names and widths.
#pragma once

#include "widgets/plots/plot_frame.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

// Plots first … first + count − 1, each `spare` wider than its least.
struct PlotPage {
    std::size_t first = 0, count = 0;
    float spare = 0;
};

// As few pages as can be, in order; a plot that is wider than the row has a page of its own, and the row's width.
std::vector<PlotPage> plotPages(std::span<const float> leastWidths, float width, float gap);

struct PlotTab {
    std::string label, shortLabel;
    bool shown = false;  // on the page in front
};

// Draws the tabs into `place` and returns the one that was clicked. Labels are short where long ones have no
// room, and close together where these have none. active: false while a drag goes on elsewhere.
std::optional<std::size_t> drawPlotTabs(const CanvasFrame& frame, PlotRect place, std::span<const PlotTab> tabs, bool active);

}  // namespace bitlathe
