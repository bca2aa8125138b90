#include "widgets/plots/plot_pages.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

std::vector<PlotPage> plotPages(std::span<const float> least, float width, float gap) {
    std::vector<PlotPage> pages;
    for (std::size_t i = 0; i < least.size();) {
        PlotPage page{i, 0, 0};
        float taken = -gap;
        while (i < least.size() && (page.count == 0 || taken + gap + least[i] <= width)) {
            taken += gap + least[i++];
            ++page.count;
        }
        page.spare = (width - taken) / float(page.count);
        pages.push_back(page);
    }
    return pages;
}

std::optional<std::size_t> drawPlotTabs(const CanvasFrame& frame, PlotRect place, std::span<const PlotTab> tabs, bool active) {
    const auto scaled = [&](float logical) { return logical * frame.scale; };
    ImFont* font = frame.fonts.body;
    const auto widthOf = [&](const std::string& words) { return font->CalcTextSizeA(font->FontSize, 1e9f, 0, words.c_str()).x; };
    const auto total = [&](bool full, float pad) {
        float sum = 0;
        for (const PlotTab& tab : tabs) sum += widthOf(full ? tab.label : tab.shortLabel) + 2 * pad;
        return sum;
    };
    float pad = scaled(11);
    const bool full = total(true, pad) <= place.width();
    if (!full)
        while (pad > scaled(2) && total(false, pad) > place.width()) pad -= scaled(1);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 pointer = ImGui::GetIO().MousePos;
    const float top = std::round(place.min.y + scaled(4)), bottom = std::round(place.max.y - scaled(4));
    std::optional<std::size_t> chosen;
    float x = place.min.x;
    for (std::size_t i = 0; i < tabs.size(); ++i) {
        const std::string& words = full ? tabs[i].label : tabs[i].shortLabel;
        const PlotRect tab{ImVec2(std::round(x), top), ImVec2(std::round(x + widthOf(words) + 2 * pad), bottom)};
        x += widthOf(words) + 2 * pad;
        const bool hot = active && frame.hovered && tab.contains(pointer);
        if (hot) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        if (hot && !tabs[i].shown) list->AddRectFilled(tab.min, tab.max, frame.colors.hover.packed(), scaled(5));
        if (tabs[i].shown) list->AddRectFilled(ImVec2(tab.min.x + pad, bottom - std::round(scaled(2))), ImVec2(tab.max.x - pad, bottom), frame.colors.accent.packed(), scaled(1));
        list->AddText(font, font->FontSize, ImVec2(std::round(tab.min.x + pad), std::round((top + bottom - font->FontSize) / 2 - scaled(1))),
                      (tabs[i].shown || hot ? frame.colors.text : frame.colors.dimmed).packed(), words.c_str());
        if (hot && ImGui::IsMouseClicked(0)) chosen = i;
    }
    return chosen;
}

}  // namespace bitlathe
