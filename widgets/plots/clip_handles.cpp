#include "widgets/plots/clip_handles.h"

#include "core/base/number_text.h"
#include "core/quant/codec.h"

#include <algorithm>
#include <cmath>


namespace bitlathe {

namespace {

constexpr float catchRadius = 6;  // logical pixels

// The value rounded to the decimals that a pixel can mean, so that recipes hold readable numbers.
double tidy(double value, double pixel) {
    const double unit = std::pow(10.0, std::floor(std::log10(pixel)));
    return std::round(value / unit) * unit;
}

}  // namespace

ClipHandles::ClipHandles(PlotFrame& frame, PlotContext& context, PlotState& state, const LayerReport& report)
    : m_frame(frame), m_context(context), m_state(state), m_report(report) {
    m_active = report.scheme.weights.has_value() && report.clipLo < report.clipHi;
    if (!m_active) return;
    // A wish stands until a report has come that may know it; then the report is the truth.
    if (m_state.clipWish && m_state.wishedOn != &report && !m_state.held) m_state.clipWish.reset();
    m_clip = m_state.clipWish.value_or(Extent{report.clipLo, report.clipHi});
    const Codec* codec = findCodec(report.scheme.weights->codec);
    m_fixed = codec && !codec->takesRange;
    if (m_fixed) return;
    takePointer();
    takeKeys();
}

float ClipHandles::lineAt(ClipEnd end) const {
    return std::clamp(m_frame.px(valueAt(end)), m_frame.area().min.x, m_frame.area().max.x - 1);
}

double ClipHandles::codeStep(ClipEnd end) const {
    const std::vector<float>& levels = m_report.transfer.levels;
    if (levels.size() < 2) return (m_report.clipHi - m_report.clipLo) / 255;
    const double step = end == ClipEnd::Lo ? double(levels[1]) - levels[0] : double(levels.back()) - levels[levels.size() - 2];
    return step > 0 ? step : (m_report.clipHi - m_report.clipLo) / 255;
}

void ClipHandles::move(ClipEnd end, double to) {
    const double reach = std::max({std::abs(m_report.statistics.min), std::abs(m_report.statistics.max), std::abs(m_report.clipLo), m_report.clipHi});
    const double least = reach * 1e-4;
    to = end == ClipEnd::Lo ? std::clamp(to, -4 * reach, 0.0) : std::clamp(to, 0.0, 4 * reach);
    const bool both = m_report.scheme.weights->symmetric;
    if (both) {
        const double magnitude = std::max(std::abs(to), least);
        m_clip = {-magnitude, magnitude};
    } else if (end == ClipEnd::Lo) {
        m_clip.lo = std::min(to, m_clip.hi - least);
    } else {
        m_clip.hi = std::max(to, m_clip.lo + least);
    }
}

void ClipHandles::ask(bool final) {
    m_state.clipWish = m_clip;
    m_state.wishedOn = &m_report;
    m_context.intents.push_back(SetClip{m_clip.lo, m_clip.hi, final});
}

void ClipHandles::takePointer() {
    const float x = m_frame.pointer().x;
    if (m_frame.hovered() && !m_state.held) {
        const float toLo = std::abs(x - lineAt(ClipEnd::Lo)), toHi = std::abs(x - lineAt(ClipEnd::Hi));
        if (std::min(toLo, toHi) <= m_frame.scaled(catchRadius)) m_hot = toLo <= toHi ? ClipEnd::Lo : ClipEnd::Hi;
    }
    if (m_hot && m_frame.pressed()) {
        m_state.held = m_hot;
        m_state.focused = m_hot;
        m_frame.claimPress();
    } else if (m_frame.pressed()) {
        m_state.focused.reset();
    }
    if (!m_state.held) {
        if (m_hot) {
            ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
            m_frame.hideCrossHair();
        }
        return;
    }
    if (!m_frame.dragging()) {  // the drag was taken away, for example by an empty report
        m_state.held.reset();
        return;
    }
    m_hot = m_state.held;
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    m_frame.hideCrossHair();
    const Extent before = m_clip;
    const double pixel = m_frame.xAt(1) - m_frame.xAt(0);
    // A press without a move changes nothing.
    if (x != m_state.view.pressedAt.x || m_state.clipWish) move(*m_state.held, tidy(m_frame.xAt(x), pixel));
    if (m_frame.released()) {
        if (m_state.clipWish || m_clip != before) ask(true);
        m_state.held.reset();
    } else if (m_clip != before) {
        ask(false);
    }
}

void ClipHandles::takeKeys() {
    if (!m_state.keyboard || m_state.held) return;
    for (const KeyPress& press : m_context.frame.keys) {
        switch (press.key) {
        case CanvasKey::Left:
        case CanvasKey::Right: {
            const bool right = press.key == CanvasKey::Right;
            if (!m_state.focused) {  // the first press only takes hold
                m_state.focused = right ? ClipEnd::Hi : ClipEnd::Lo;
                break;
            }
            const double step = codeStep(*m_state.focused) * (press.shift ? 10 : 1);
            move(*m_state.focused, valueAt(*m_state.focused) + (right ? step : -step));
            ask(true);
            break;
        }
        case CanvasKey::Home: m_state.focused = ClipEnd::Lo; break;
        case CanvasKey::End: m_state.focused = ClipEnd::Hi; break;
        case CanvasKey::Escape: m_state.focused.reset(); break;
        default: break;
        }
    }
}

void ClipHandles::shade() const {
    if (!m_active) return;
    const PlotRect& area = m_frame.area();
    const ImU32 tint = m_frame.ink(m_frame.colors().refusal.withAlpha(20));
    const float lo = m_frame.px(m_clip.lo), hi = m_frame.px(m_clip.hi);
    if (lo > area.min.x) m_frame.list()->AddRectFilled(area.min, ImVec2(lo, area.max.y), tint);
    if (hi < area.max.x) m_frame.list()->AddRectFilled(ImVec2(hi, area.min.y), area.max, tint);
}

void ClipHandles::draw() const {
    if (!m_active) return;
    drawOne(ClipEnd::Lo);
    drawOne(ClipEnd::Hi);
}

// A tab that says this line can be taken.
void ClipHandles::drawGrip(float at, bool hot, bool focused) const {
    const PlotRect& area = m_frame.area();
    const Colors& c = m_frame.colors();
    const float half = m_frame.scaled(4), gripTop = std::round((area.min.y + area.max.y) / 2 - m_frame.scaled(11));
    const float gripBottom = gripTop + m_frame.scaled(22);
    const float centre = std::clamp(at, area.min.x + half, area.max.x - half);
    m_frame.list()->AddRectFilled(ImVec2(centre - half, gripTop), ImVec2(centre + half, gripBottom), (hot || focused ? c.refusal : mix(c.plot, c.refusal, 0.55f)).packed(), m_frame.scaled(3));
    for (const float dx : {-1.5f, 1.5f}) {
        const float x = std::round(centre + m_frame.scaled(dx));
        m_frame.list()->AddRectFilled(ImVec2(x - 0.5f, gripTop + m_frame.scaled(6)), ImVec2(x + 0.5f, gripBottom - m_frame.scaled(6)), c.plot.packed());
    }
    if (focused)
        m_frame.list()->AddRect(ImVec2(centre - half - m_frame.scaled(3), gripTop - m_frame.scaled(3)), ImVec2(centre + half + m_frame.scaled(3), gripBottom + m_frame.scaled(3)),
                                c.accent.packed(), m_frame.scaled(5), 0, m_frame.scaled(1.5f));
}

void ClipHandles::drawOne(ClipEnd end) const {
    const PlotRect& area = m_frame.area();
    const Colors& c = m_frame.colors();
    const float at = std::floor(lineAt(end));
    const bool outside = m_frame.px(valueAt(end)) < area.min.x - 0.5f || m_frame.px(valueAt(end)) > area.max.x + 0.5f;
    const bool hot = m_hot == end, focused = m_state.focused == end && m_context.frame.focused;
    if (!outside) m_frame.dashedLine(ImVec2(at, area.min.y), ImVec2(at, area.max.y), c.refusal, hot || focused ? 2 : 1);

    // Beside the line, what it is; on it, where it can be taken.
    if (!m_fixed) drawGrip(at, hot, focused);
    std::string label = (m_fixed ? "end " : "clip ") + valueText(valueAt(end), 3);
    if (outside) label = end == ClipEnd::Lo ? "\u2190 " + label : label + " \u2192";
    // On the inner side of the line, or wherever there is room.
    const float width = m_frame.textWidth(m_frame.fonts().small, label), gap = m_frame.scaled(6);
    bool toRight = end == ClipEnd::Lo;
    if (toRight && at + gap + width > area.max.x) toRight = false;
    if (!toRight && at - gap - width < area.min.x) toRight = true;
    // When both lines are close, the labels go on two lines.
    const bool crowded = std::abs(lineAt(ClipEnd::Hi) - lineAt(ClipEnd::Lo)) < 2 * width + 3 * gap;
    const float y = area.min.y + m_frame.scaled(4) + (crowded && end == ClipEnd::Hi ? m_frame.scaled(15) : 0);
    m_frame.text(m_frame.fonts().small, ImVec2(toRight ? at + gap : at - gap + 1, y), c.refusal, label, toRight ? 0 : 1);
}

}  // namespace bitlathe
