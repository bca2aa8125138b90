// The frame around every plot: card, title, legend, axes with ticks and grid, and what the hand does
// with them: drag = zoom box, wheel = zoom at the cursor, right or middle drag = pan, double click =
// fit, cross-hair and read-out under the pointer. Knows no data.
//
// Use: PlotFrame f(context, state, rect, labels); if (f.begin(fit)) { draw with f.px(), f.py() }
// f.end(). A plot that wants a press for itself calls claimPress() between begin() and end().
#pragma once

#include <imgui.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "widgets/canvas/im_canvas.h"
#include "widgets/plots/intent.h"

namespace bitlathe {

struct Extent {
    double lo = 0, hi = 1;
    double size() const { return hi - lo; }
    friend bool operator==(const Extent&, const Extent&) = default;
};

struct PlotRect {
    ImVec2 min, max;
    float width() const { return max.x - min.x; }
    float height() const { return max.y - min.y; }
    bool contains(ImVec2 p) const { return p.x >= min.x && p.x < max.x && p.y >= min.y && p.y < max.y; }
};

// What a plot remembers between frames about the part that is shown.
struct PlotView {
    enum class Drag { None, Box, Pan, Own };
    Extent x, y;
    bool fitted = true;  // follows the data; false once the hand has zoomed
    Drag drag = Drag::None;
    ImVec2 pressedAt;
    Extent pressedX, pressedY;
    PlotRect area;           // inside the axes, as last drawn
};

// What all plots of one canvas share during a frame.
struct PlotContext {
    CanvasFrame& frame;
    std::vector<PlotIntent>& intents;
    PlotView*& captured;  // the plot that holds the pressed button, over all frames of a drag
};

// floor(v) kept within lo..hi, however far out v is; lo for NaN.
inline int indexAt(double v, int lo, int hi) {
    return !(v > lo) ? lo : v >= hi ? hi : int(std::floor(v));
}

enum class LegendMark { Line, Bar, Dash, Comb, Dot, Diamond };

struct LegendEntry {
    std::string text;
    Rgba color;
    LegendMark mark = LegendMark::Line;
};

struct PlotLabels {
    std::string title, subtitle;  // the subtitle names what the y axis counts
    std::string xLabel;
    std::string yUnit;            // after the topmost label of the y axis: " %", " dB"
    std::string notice;           // amber line under the title
    std::vector<LegendEntry> legend;
    bool logY = false;
    double leastY = -1e300;               // no tick below: the plot uses that part for something else
    bool wholeX = false, wholeY = false;  // ticks only at integers
    bool wheelY = false;                  // the wheel zooms y too; else only with Shift
    double doneFraction = 1;              // below 1: the preview look
    bool keyboard = false;                // has the keys: + and − zoom, Enter fits
    bool wholeLegend = false;             // a legend that finds no room beside the title gets a line of its own
    float toolRow = 0;                    // pixels kept free below the title line (buttons)
    float headRoomRight = 0;              // pixels kept free at the right of the title line (colour bar)
};

class PlotFrame {
public:
    PlotFrame(PlotContext& context, PlotView& view, PlotRect card, PlotLabels labels);

    // Draws the card and the axes. `fitX`, `fitY`: what a double click shows; logY needs fitY.lo > 0.
    // False when there is no room to draw; end() is called in any case.
    bool begin(Extent fitX, Extent fitY);
    void end();

    // Card, title and one sentence that says what to do. Instead of begin() and end().
    void empty(const std::string& sentence);

    // Card and title alone, for words. Instead of begin() and end(). Returns the room below the title.
    PlotRect paper();

    const PlotRect& area() const { return m_area; }
    float px(double x) const;
    float py(double y) const;
    double xAt(float px) const;
    double yAt(float py) const;
    float scaled(float logicalPixels) const { return logicalPixels * m_context.frame.scale; }

    bool hovered() const { return m_hovered; }           // pointer in the area, no foreign drag
    ImVec2 pointer() const { return m_pointer; }
    bool pressed() const;                                // left button went down here in this frame
    bool clicked() const;                                // released where it was pressed
    bool dragging() const { return m_view.drag == PlotView::Drag::Own; }
    bool released() const;                               // an own drag ends in this frame
    void claimPress();                                   // this press is the plot's, not a zoom box
    void hideCrossHair() { m_crossHair = false; }

    // A box of "name value" lines beside the pointer, drawn above everything.
    void readOut(const std::vector<std::pair<std::string, std::string>>& lines);

    // A colour in its final strength, or faded in the preview look.
    ImU32 ink(Rgba color, float strength = 1) const;
    ImDrawList* list() const { return m_list; }
    const Colors& colors() const { return m_context.frame.colors; }
    const CanvasFonts& fonts() const { return m_context.frame.fonts; }

    // Text at a pixel; `align` 0 = starts there, 0.5 = centred, 1 = ends there. Returns its width.
    float text(ImFont* font, ImVec2 at, Rgba color, const std::string& words, float align = 0) const;
    float textWidth(ImFont* font, const std::string& words) const;
    // The words in lines no longer than `room` pixels, broken at spaces.
    std::vector<std::string> wrapped(ImFont* font, const std::string& words, float room) const;
    void dashedLine(ImVec2 from, ImVec2 to, Rgba color, float thickness = 1) const;

private:
    void drawCard();
    void drawLegend(float right, float top, float left);
    float legendWidth() const;
    void drawAxes(const std::vector<struct Tick>& x, const std::vector<struct Tick>& y);
    void zoomWithWheel();
    void zoomWithKeys();
    void followDrag();
    double unitY(double y) const;

    PlotContext& m_context;
    PlotView& m_view;
    PlotRect m_card, m_area;
    PlotLabels m_labels;
    Extent m_fitX, m_fitY;
    ImDrawList* m_list;
    ImVec2 m_pointer;
    bool m_hovered = false;
    bool m_crossHair = true;
    bool m_open = false;
    bool m_legendBelow = false;
};

}  // namespace bitlathe
