// The range of each output channel: min..max, the band of one standard deviation around the mean, and
// where the scheme clips. Channels whose range is far above the others' are red.
#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/plot.h"

namespace bitlathe {

namespace {

constexpr double outlierFactor = 2;  // times the median reach of all channels

double reach(const ChannelRange& r) { return std::max(std::abs(double(r.min)), std::abs(double(r.max))); }

double medianReach(const std::vector<ChannelRange>& channels) {
    std::vector<double> all;
    all.reserve(channels.size());
    for (const ChannelRange& r : channels) all.push_back(reach(r));
    const auto middle = all.begin() + std::ptrdiff_t(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return *middle;
}

// What one pixel column shows: all channels that fall on it.
struct Column {
    ChannelRange range;
    double bandLo = 0, bandHi = 0;
    bool outlier = false;
};

Column merged(const std::vector<ChannelRange>& channels, int first, int last, double limit) {
    Column out;
    out.range = channels[std::size_t(first)];
    out.bandLo = 1e300;
    out.bandHi = -1e300;
    for (int i = first; i < last; ++i) {
        const ChannelRange& r = channels[std::size_t(i)];
        out.range.min = std::min(out.range.min, r.min);
        out.range.max = std::max(out.range.max, r.max);
        out.range.clipLo = std::min(out.range.clipLo, r.clipLo);
        out.range.clipHi = std::max(out.range.clipHi, r.clipHi);
        out.bandLo = std::min(out.bandLo, double(r.mean) - r.deviation);
        out.bandHi = std::max(out.bandHi, double(r.mean) + r.deviation);
        out.outlier = out.outlier || reach(r) > limit;
    }
    return out;
}

void drawChannels(const PlotFrame& frame, const LayerReport& report, double limit) {
    const Colors& c = frame.colors();
    const PlotRect& area = frame.area();
    const auto count = int(report.channels.size());
    const bool sameClip = std::all_of(report.channels.begin(), report.channels.end(), [&](const ChannelRange& r) {
        return r.clipLo == report.channels[0].clipLo && r.clipHi == report.channels[0].clipHi;
    });
    const bool clipped = report.scheme.weights && report.channels[0].clipLo < report.channels[0].clipHi;
    int at = indexAt(frame.xAt(area.min.x) + 0.5, 0, count);
    while (at < count) {
        const float x0 = std::floor(frame.px(at - 0.5));
        if (x0 > area.max.x) break;
        int next = at + 1;
        while (next < count && std::floor(frame.px(next + 0.5)) <= x0 + 0.5f) ++next;
        const Column column = merged(report.channels, at, next, limit);
        float x1 = std::max(std::floor(frame.px(next - 0.5)), x0 + 1);
        const float gap = x1 - x0 >= frame.scaled(4) ? std::round((x1 - x0) * 0.18f) : 0;
        const Rgba color = column.outlier ? c.refusal : c.real;
        const auto bar = [&](double lo, double hi, float strength) {
            const float top = std::floor(frame.py(hi)), bottom = std::max(std::floor(frame.py(lo)), top + 1);
            frame.list()->AddRectFilled(ImVec2(x0 + gap, top), ImVec2(x1 - gap, bottom), frame.ink(color, strength));
        };
        bar(column.range.min, column.range.max, column.outlier ? 0.75f : 0.4f);
        bar(column.bandLo, column.bandHi, column.outlier ? 0.6f : 0.9f);
        if (clipped && !sameClip) {
            const float thick = std::max(1.0f, std::round(frame.scaled(1)));
            for (const double v : {double(column.range.clipLo), double(column.range.clipHi)}) {
                const float y = std::floor(frame.py(v));
                frame.list()->AddRectFilled(ImVec2(x0, y), ImVec2(x1, y + thick), frame.ink(c.refusal, 0.8f));
            }
        }
        at = next;
    }
    if (clipped && sameClip)
        for (const double v : {double(report.channels[0].clipLo), double(report.channels[0].clipHi)})
            frame.dashedLine(ImVec2(area.min.x, frame.py(v)), ImVec2(area.max.x, frame.py(v)), c.refusal);
}

void explain(PlotFrame& frame, const ChannelRange& r, std::int64_t channel, double limit, bool quantized) {
    std::vector<std::pair<std::string, std::string>> lines{
        {"channel", countText(std::uint64_t(channel))},
        {"range", valueText(r.min, 3) + " \u2026 " + valueText(r.max, 3)},
        {"mean \u00B1 \u03C3", valueText(r.mean, 2) + " \u00B1 " + valueText(r.deviation, 3)},
    };
    if (quantized) {
        lines.push_back({"clip", valueText(r.clipLo, 3) + " \u2026 " + valueText(r.clipHi, 3)});
        lines.push_back({"SQNR", decibelText(r.sqnrDb)});
    }
    if (reach(r) > limit) lines.push_back({"outlier", fixedText(reach(r) / (limit / outlierFactor), 1) + " \u00D7 the median reach"});
    frame.readOut(lines);
}

}  // namespace

void drawChannelRanges(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    const Colors& c = context.frame.colors;
    PlotLabels labels{.title = "Range by output channel", .subtitle = "weight value", .xLabel = "channel", .wholeX = true};
    labels.keyboard = state.keyboard;
    if (!data.report || data.report->channels.empty()) {
        PlotFrame(context, state.view, card, labels).empty(data.report ? "This layer has no channels." : "No layer is selected.");
        return;
    }
    const LayerReport& report = *data.report;
    labels.doneFraction = report.doneFraction;
    labels.legend = {{"min\u2013max", mix(c.plot, c.real, 0.4f), LegendMark::Bar}, {"\u00B1\u03C3", c.real, LegendMark::Bar}};
    double lo = 0, hi = 0;
    for (const ChannelRange& r : report.channels) {
        lo = std::min(lo, double(r.min));
        hi = std::max(hi, double(r.max));
    }
    const double margin = std::max((hi - lo) * 0.06, 1e-30);
    const double limit = outlierFactor * medianReach(report.channels);
    const auto count = std::int64_t(report.channels.size());
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin({-0.5, double(count) - 0.5}, {lo - margin, hi + margin})) {
        if (data.selection.channel && *data.selection.channel >= 0 && *data.selection.channel < count) {
            const float x0 = std::floor(frame.px(double(*data.selection.channel) - 0.5)), x1 = std::max(std::floor(frame.px(double(*data.selection.channel) + 0.5)), x0 + 1);
            const float wider = std::round(frame.scaled(2));
            frame.list()->AddRectFilled(ImVec2(x0 - wider, frame.area().min.y), ImVec2(x1 + wider, frame.area().max.y), c.accent.withAlpha(90).packed());
        }
        drawChannels(frame, report, limit);
        const std::int64_t under = indexAt(frame.xAt(frame.pointer().x) + 0.5, -1, int(count));
        if (frame.hovered() && under >= 0 && under < count) {
            if (frame.clicked()) context.intents.push_back(SelectChannel{under});
            if (state.view.drag == PlotView::Drag::None) explain(frame, report.channels[std::size_t(under)], under, limit, report.scheme.weights.has_value());
        }
        if (state.keyboard && data.selection.channel)
            for (const KeyPress& press : context.frame.keys) {
                const std::int64_t to = *data.selection.channel + (press.key == CanvasKey::Right ? 1 : press.key == CanvasKey::Left ? -1 : 0) * (press.shift ? 10 : 1);
                if (to != *data.selection.channel && to >= 0 && to < count) context.intents.push_back(SelectChannel{to});
            }
    }
    frame.end();
}

}  // namespace bitlathe
