#include "widgets/plots/plot_scene.h"

#include "core/base/number_text.h"

#include <algorithm>
#include <cmath>


namespace bitlathe {

namespace {

constexpr double ghostSeconds = 1.0;

}  // namespace

PlotScene::PlotScene(std::vector<std::string> names) {
    for (const std::string& name : names)
        for (const Plot& plot : plots)
            if (name == plot.name) m_plots.push_back({&plot, {}, {}});
}

void PlotScene::turnTo(const std::string& name) {
    for (std::size_t i = 1; i < m_plots.size(); ++i)
        if (name == m_plots[i].plot->name) m_front = i;
}

std::string PlotScene::front() const { return m_front < m_plots.size() ? m_plots[m_front].plot->name : ""; }

void PlotScene::setReport(std::shared_ptr<const LayerReport> report, std::string quantizedLabel) {
    const std::shared_ptr<const LayerReport> before = std::move(m_data.report);
    m_data.report = std::move(report);
    m_data.quantizedLabel = std::move(quantizedLabel);
    const bool sameLayer = before && m_data.report && before->layer == m_data.report->layer;
    if (!sameLayer) {
        fitAll();
        m_data.ghost = nullptr;
        setSelection({});
        m_data.patch = m_data.wholePatch = nullptr;
        for (Placed& p : m_plots) {
            p.state.clipWish.reset();
            p.state.focused.reset();
        }
    } else if (before->scheme != m_data.report->scheme) {
        // While the hand moves, the ghost stays what was there before it began.
        if (!m_data.ghost || m_data.ghostStrength <= 0) m_data.ghost = before;
        m_data.ghostStrength = 1;
        m_ghostSince = -1;
    }
}

void PlotScene::setLogCounts(bool on) {
    if (m_data.logCounts == on) return;
    m_data.logCounts = on;
    // The y range of the one scale means nothing on the other.
    for (Placed& p : m_plots) {
        if (p.plot->draw != drawWeightHistogram && p.plot->draw != drawErrorHistogram) continue;
        p.state.view.fitted = true;
        p.state.fit.reset();
    }
    m_axis.reset();
}

void PlotScene::setSelection(const WeightSelection& selection) {
    m_data.selection = selection;
    if (m_data.channel && m_data.channel->channel != selection.channel) m_data.channel = nullptr;
    if (m_data.point && selection.weight != WeightAddress{m_data.point->channel, m_data.point->element}) m_data.point = nullptr;
}

void PlotScene::setPatch(std::shared_ptr<const ValuePatch> patch) {
    m_data.patch = std::move(patch);
    if (!m_data.patch || !m_data.report) return;
    const PatchRequest& r = m_data.patch->request;
    const auto channels = std::int64_t(m_data.report->channels.size());
    if (r.channel == 0 && r.element == 0 && r.channels == channels && r.channels * r.elements == m_data.report->statistics.count) m_data.wholePatch = m_data.patch;
}

void PlotScene::setSizeCurves(std::vector<SizeCurve> curves, int currentBits, std::vector<SizePoint> otherFormats) {
    m_data.sizeCurves = std::move(curves);
    m_data.currentBits = currentBits;
    m_data.otherFormats = std::move(otherFormats);
}

void PlotScene::fitAll() {
    for (Placed& p : m_plots) {
        p.state.view.fitted = true;
        p.state.fit.reset();
    }
    m_axis.reset();
}

void PlotScene::layOut(const CanvasFrame& frame) {
    const float gap = std::round(8 * frame.scale);
    const auto rect = [](float x0, float y0, float x1, float y1) { return PlotRect{ImVec2(std::floor(x0), std::floor(y0)), ImVec2(std::floor(x1), std::floor(y1))}; };
    const std::size_t below = m_plots.empty() ? 0 : m_plots.size() - 1;
    const bool low = frame.height < 300 * frame.scale, narrow = frame.width < 520 * frame.scale;
    if (below == 0 || low) {
        // Room for the first plot only.
        for (std::size_t i = 0; i < m_plots.size(); ++i) m_plots[i].rect = i ? PlotRect{} : rect(0, 0, frame.width, frame.height);
        return;
    }
    std::vector<float> least;
    for (std::size_t i = 1; i < m_plots.size(); ++i) least.push_back(m_plots[i].plot->leastWidth * frame.scale);
    const std::vector<PlotPage> pages = plotPages(least, frame.width, gap);
    const bool tabs = pages.size() > 1;
    const float strip = tabs ? std::round(30 * frame.scale) : gap;
    const float split = std::round((frame.height - strip) * (narrow ? 0.5f : 0.56f));
    m_plots[0].rect = rect(0, 0, frame.width, split);
    m_tabs = tabs ? rect(0, split, frame.width, split + strip) : PlotRect{};
    m_front = std::clamp<std::size_t>(m_front, 1, below);
    for (std::size_t i = 1; i < m_plots.size(); ++i) m_plots[i].rect = {};
    for (const PlotPage& page : pages) {
        if (m_front - 1 < page.first || m_front - 1 >= page.first + page.count) continue;
        float x = 0;
        for (std::size_t i = page.first; i < page.first + page.count; ++i) {
            const bool last = i + 1 == page.first + page.count;
            m_plots[i + 1].rect = rect(x, split + strip, last ? frame.width : x + least[i] + page.spare, frame.height);
            x += least[i] + page.spare + gap;
        }
    }
}

void PlotScene::takeKeys(const CanvasFrame& frame) {
    // The first half of a double click picked something out; it was meant to fit the picture.
    if (frame.doubleClicked && m_data.selection != m_beforeClick) m_intents.push_back(SetSelection{m_beforeClick});
    else if (ImGui::IsMouseClicked(0)) m_beforeClick = m_data.selection;
    if (ImGui::IsMouseClicked(0))
        for (std::size_t i = 0; i < m_plots.size(); ++i)
            if (m_plots[i].rect.contains(ImGui::GetIO().MousePos)) m_keyboard = i;
    for (const KeyPress& press : frame.keys) {
        const std::size_t count = m_plots.size();
        const bool lineHeld = m_keyboard < count && m_plots[m_keyboard].state.focused;  // Escape lets it go first
        if (press.key == CanvasKey::Escape && !lineHeld && m_data.selection != WeightSelection{}) m_intents.push_back(SetSelection{});
        if (press.key == CanvasKey::PageDown && count) m_keyboard = (m_keyboard + 1) % count;
        else if (press.key == CanvasKey::PageUp && count) m_keyboard = (m_keyboard + count - 1) % count;
        else continue;
        if (m_keyboard > 0) m_front = m_keyboard;
    }
}

void PlotScene::drawTabs(CanvasFrame& frame) {
    if (m_tabs.width() <= 0) return;
    std::vector<PlotTab> tabs;
    for (std::size_t i = 1; i < m_plots.size(); ++i) tabs.push_back({m_plots[i].plot->label, m_plots[i].plot->tab, m_plots[i].rect.width() > 0});
    if (const auto chosen = drawPlotTabs(frame, m_tabs, tabs, m_captured == nullptr)) {
        m_front = *chosen + 1;
        m_keyboard = m_front;
        layOut(frame);
    }
}

// Plots over weights share what they show: each takes it over before it is drawn and leaves it as it is after.
void PlotScene::drawLinked(PlotContext& context, Placed& p) {
    PlotView& view = p.state.view;
    if (m_axis && (WeightAxis{view.x, view.fitted, p.state.fit} != *m_axis)) {
        view.x = m_axis->x;
        view.fitted = m_axis->fitted;
        p.state.fit = m_axis->fit;
    }
    view.area = {};
    p.plot->draw(context, p.state, p.rect, m_data);
    if (view.area.width() > 0) m_axis = WeightAxis{view.x, view.fitted, p.state.fit};
}

void PlotScene::draw(CanvasFrame& frame) {
    takeKeys(frame);
    layOut(frame);
    if (m_data.ghost) {
        if (m_ghostSince < 0) m_ghostSince = frame.seconds;
        m_data.ghostStrength = std::max(0.0f, 1 - float((frame.seconds - m_ghostSince) / ghostSeconds));
        if (m_data.ghostStrength > 0) frame.paintUntil = std::max(frame.paintUntil, m_ghostSince + ghostSeconds + 0.05);
        else m_data.ghost = nullptr;
    }
    drawTabs(frame);
    PlotContext context{frame, m_intents, m_captured};
    for (std::size_t i = 0; i < m_plots.size(); ++i) {
        Placed& p = m_plots[i];
        p.state.keyboard = i == m_keyboard;
        if (p.rect.width() <= 0) continue;
        if (p.plot->weightAxis) drawLinked(context, p);
        else p.plot->draw(context, p.state, p.rect, m_data);
    }
}

std::vector<PlotIntent> PlotScene::takeIntents() {
    std::vector<PlotIntent> out;
    for (const PlotIntent& intent : m_intents) {
        const auto preview = [](const PlotIntent& i) {
            const SetClip* clip = std::get_if<SetClip>(&i);
            return clip && !clip->final;
        };
        if (!out.empty() && preview(out.back()) && std::holds_alternative<SetClip>(intent)) out.back() = intent;
        else out.push_back(intent);
    }
    m_intents.clear();
    return out;
}

std::string PlotScene::description() const {
    if (!m_data.report) return "No layer is selected.";
    const LayerReport& r = *m_data.report;
    std::string out = weightsText(std::uint64_t(r.statistics.count)) + " from " + valueText(r.statistics.min) + " to " + valueText(r.statistics.max);
    if (!r.scheme.weights) return out + ", in float.";
    out += ", quantized as " + m_data.quantizedLabel + ": SQNR " + decibelText(r.error.sqnrDb) + ", RMS error " + valueText(r.error.rootMeanSquare) +
           ", clip range " + valueText(r.clipLo) + " to " + valueText(r.clipHi) + ", " + percentText(r.error.clipped) + " clipped.";
    if (!r.exact()) out += " Preview from " + percentText(r.doneFraction) + " of the weights.";
    return r.note.empty() ? out : out + ' ' + r.note;
}

PlotRect PlotScene::placeOf(const std::string& name) const {
    for (const Placed& p : m_plots)
        if (name == p.plot->name) return p.rect;
    return {};
}

const PlotView* PlotScene::viewOf(const std::string& name) const {
    for (const Placed& p : m_plots)
        if (name == p.plot->name) return &p.state.view;
    return nullptr;
}

ImVec2 PlotScene::pixelOf(const std::string& name, double x, double y) const {
    const PlotView* view = viewOf(name);
    if (!view) return {};
    return ImVec2(view->area.min.x + float((x - view->x.lo) / view->x.size()) * view->area.width(),
                  view->area.max.y - float((y - view->y.lo) / view->y.size()) * view->area.height());
}

}  // namespace bitlathe
