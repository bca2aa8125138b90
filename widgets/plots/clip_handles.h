// The clip lines of a histogram as handles: drag within 6 px, or focus one and move it with the arrow
// keys by one code step (Shift: ten). Symmetric schemes move both. Emits SetClip.
#pragma once

#include "widgets/plots/plot.h"

namespace bitlathe {

class ClipHandles {
public:
    // Takes the pointer and the keys of this frame; call between begin() and end() of the frame.
    ClipHandles(PlotFrame& frame, PlotContext& context, PlotState& state, const LayerReport& report);

    void shade() const;  // a faint red over what is clipped
    void draw() const;   // lines, grips and labels
    bool underPointer() const { return m_hot.has_value(); }
    Extent clip() const { return m_clip; }

private:
    void takePointer();
    void takeKeys();
    // Moves one end to `to` and the other with it where the scheme is symmetric; keeps lo <= 0 <= hi.
    void move(ClipEnd end, double to);
    void ask(bool final);
    double valueAt(ClipEnd end) const { return end == ClipEnd::Lo ? m_clip.lo : m_clip.hi; }
    float lineAt(ClipEnd end) const;  // pinned to the side of the area when out of sight
    double codeStep(ClipEnd end) const;
    void drawOne(ClipEnd end) const;
    void drawGrip(float at, bool hot, bool focused) const;

    PlotFrame& m_frame;
    PlotContext& m_context;
    PlotState& m_state;
    const LayerReport& m_report;
    Extent m_clip{0, 0};
    bool m_active = false;
    bool m_fixed = false;  // the format sets its own ends: lines to look at, not to take
    std::optional<ClipEnd> m_hot;
};

}  // namespace bitlathe
