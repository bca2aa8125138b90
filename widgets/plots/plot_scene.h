// Several plots on one canvas: lays them out, remembers what each one shows, keeps the ghost of the
// picture before the last edit, and collects intents. Use as the scene of a Canvas:
//
//   canvas->setScene([this](CanvasFrame& f) { m_scene.draw(f); });
//   connect(canvas, &Canvas::framed, this, [this] { for (auto& i : m_scene.takeIntents()) … });
//
// Knows no widgets and edits nothing.
#pragma once

#include <string>
#include <vector>

#include "widgets/plots/plot.h"
#include "widgets/plots/plot_pages.h"

namespace bitlathe {

class PlotScene {
public:
    // The names of rows of plots[]; the first one gets the most room, the others share a row below, on
    // several pages behind tabs where the row is too narrow for all. Unknown names are left out.
    explicit PlotScene(std::vector<std::string> names = {"weights", "transfer", "errors", "channels", "map", "values", "size", "how"});

    PlotScene(const PlotScene&) = delete;
    PlotScene& operator=(const PlotScene&) = delete;

    // A new snapshot, or null for "no layer". Another layer fits the views anew; the same layer under
    // another scheme keeps them and leaves the old picture as a ghost for a second.
    void setReport(std::shared_ptr<const LayerReport> report, std::string quantizedLabel);
    void setLogCounts(bool on);
    // While a hand holds "see float".
    void setFloatOnly(bool on) { m_data.floatOnly = on; }
    // What is picked out, and the answers about it; answers that belong to something else are not shown.
    void setSelection(const WeightSelection& selection);
    void setChannelView(std::shared_ptr<const ChannelView> view) { m_data.channel = std::move(view); }
    void setPoint(std::shared_ptr<const WeightPoint> point) { m_data.point = std::move(point); }
    // An answer to ShowPatch. groupSize: elements that share a scale under the present scheme; 0: no groups.
    void setPatch(std::shared_ptr<const ValuePatch> patch);
    void setGroupSize(std::int64_t groupSize) { m_data.groupSize = groupSize; }
    void setSizeCurves(std::vector<SizeCurve> curves, int currentBits, std::vector<SizePoint> otherFormats = {});
    void setExplanation(Explanation explanation) { m_data.explanation = std::move(explanation); }
    void fitAll();
    // Turns to the page with that plot. front(): the plot that was turned to last.
    void turnTo(const std::string& name);
    std::string front() const;

    void draw(CanvasFrame& frame);

    // What the hand asked for since the last call, oldest first; of the previews of one drag (SetClip
    // that is not final) only the newest is kept.
    std::vector<PlotIntent> takeIntents();

    // What the pictures show, in words, for screen readers: set it as the canvas' description.
    std::string description() const;

    const PlotData& data() const { return m_data; }
    // Where a plot was drawn in the last frame, device pixels; empty when it had no room.
    PlotRect placeOf(const std::string& name) const;
    const PlotView* viewOf(const std::string& name) const;
    // Where a value lies in the last frame, device pixels; linear axes.
    ImVec2 pixelOf(const std::string& name, double x, double y) const;

private:
    struct Placed {
        const Plot* plot;
        PlotState state;
        PlotRect rect;
    };
    void layOut(const CanvasFrame& frame);
    void takeKeys(const CanvasFrame& frame);
    void drawTabs(CanvasFrame& frame);
    void drawLinked(PlotContext& context, Placed& placed);

    std::vector<Placed> m_plots;
    PlotData m_data;
    std::vector<PlotIntent> m_intents;
    PlotView* m_captured = nullptr;
    double m_ghostSince = -1;   // -1: starts with the next frame
    WeightSelection m_beforeClick;
    std::size_t m_keyboard = 0; // the plot that was clicked last
    std::size_t m_front = 1;    // of the plots below: its page is the one shown
    PlotRect m_tabs;            // where the tabs are; empty when there is one page
    // What all plots over weights show.
    struct WeightAxis {
        Extent x;
        bool fitted = true;
        std::optional<Extent> fit;
        bool operator==(const WeightAxis&) const = default;
    };
    std::optional<WeightAxis> m_axis;
};

}  // namespace bitlathe
