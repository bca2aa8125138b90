#include "widgets/plots/weight_marks.h"

#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"

namespace bitlathe {

std::int64_t litCount(const LayerReport& report, const WeightInterval& interval) {
    const Histogram& h = report.weights;
    const double width = h.binWidth();
    if (!(width > 0)) return 0;
    // Edges were made from bins: a rounding error is not a bin.
    const auto edge = [&](double v) { return std::int64_t(std::clamp(std::nearbyint((v - h.lo) / width), 0.0, double(h.counts.size()))); };
    std::int64_t count = 0;
    for (std::int64_t i = edge(interval.lo); i < edge(interval.hi); ++i) count += std::int64_t(h.counts[std::size_t(i)]);
    return count;
}

std::string litText(const LayerReport& report, const WeightInterval& interval) {
    const std::int64_t count = litCount(report, interval), all = std::max<std::int64_t>(report.statistics.count, 1);
    return (report.exact() ? "" : "about ") + weightsText(std::uint64_t(count)) + ", " + percentText(double(count) / double(all));
}

WeightInterval binsAt(const PlotFrame& frame, const StepCurve& h, float pixel, const WeightInterval* extended) {
    const double bins = double(h.shares.size());
    const auto edge = [&](double v, bool up) {
        const double at = (v - h.lo) / h.width;
        return std::clamp(up ? std::ceil(at) : std::floor(at), 0.0, bins);
    };
    double first = edge(frame.xAt(pixel - frame.scaled(1.5f)), false), last = edge(frame.xAt(pixel + frame.scaled(1.5f)), true);
    // Where a bin is wide, the one under the pointer alone.
    if (frame.px(h.lo + h.width) - frame.px(h.lo) >= frame.scaled(4)) {
        first = edge(frame.xAt(pixel), false);
        last = first + 1;
    }
    first = std::min(first, bins - 1);
    last = std::clamp(last, first + 1, bins);
    WeightInterval out{h.lo + first * h.width, h.lo + last * h.width, last == bins};
    if (extended) out = {std::min(out.lo, extended->lo), std::max(out.hi, extended->hi), out.hi >= extended->hi ? out.closed : extended->closed};
    return out;
}

void drawLitBins(const PlotFrame& frame, const PlotData& data) {
    if (!data.selection.interval) return;
    const float x0 = std::floor(frame.px(data.selection.interval->lo)), x1 = std::max(std::ceil(frame.px(data.selection.interval->hi)), x0 + std::max(2.0f, frame.scaled(2)));
    const PlotRect& area = frame.area();
    frame.list()->AddRectFilled(ImVec2(x0, area.min.y), ImVec2(x1, area.max.y), frame.colors().accent.withAlpha(70).packed());
    const std::string text = litText(*data.report, *data.selection.interval);
    const float width = frame.textWidth(frame.fonts().small, text), pad = frame.scaled(6);
    const bool left = x1 + pad + width > area.max.x;
    frame.text(frame.fonts().small, ImVec2(left ? x0 - pad : x1 + pad, area.min.y + frame.scaled(18)), frame.colors().text, text, left ? 1 : 0);
}

void drawPointOnAxis(const PlotFrame& frame, const PlotData& data) {
    if (!data.point || data.point->layer != data.report->layer) return;
    const PlotRect& area = frame.area();
    const Colors& c = frame.colors();
    const auto mark = [&](double value, Rgba color, float height) {
        const float x = std::floor(frame.px(value));
        if (x < area.min.x || x > area.max.x) return;
        frame.list()->AddRectFilled(ImVec2(x, area.max.y - height), ImVec2(x + std::max(1.0f, std::round(frame.scaled(1))), area.max.y), color.packed());
        const float half = frame.scaled(4), top = area.max.y - height;
        frame.list()->AddTriangleFilled(ImVec2(x - half, top - half * 1.5f), ImVec2(x + half, top - half * 1.5f), ImVec2(x + 0.5f, top), color.packed());
    };
    const WeightPoint& p = *data.point;
    if (p.spec && data.report->scheme.weights && !data.floatOnly) mark(double(p.decoded), c.quantized, frame.scaled(26));
    mark(double(p.value), c.text, frame.scaled(12));
}

std::optional<StepCurve> channelCurve(const PlotData& data) {
    if (!data.channel || !data.report || data.channel->layer != data.report->layer || data.channel->weights.counts.empty()) return std::nullopt;
    const StepCurve fine = stepCurve(data.channel->weights);
    return coarsened(fine, fine.width * std::max(1.0, std::floor(steadyBins(fine, data.channel->count))));
}

void drawChannelNote(const PlotFrame& frame, const PlotData& data) {
    if (!channelCurve(data)) return;
    const ChannelView& v = *data.channel;
    std::vector<std::pair<std::string, std::string>> lines{{"channel", countText(std::uint64_t(v.channel)) + ", " + weightsText(std::uint64_t(v.count))},
                                                           {"range", valueText(v.min, 3) + " \u2026 " + valueText(v.max, 3)},
                                                           {"mean \u00B1 \u03C3", valueText(v.mean, 2) + " \u00B1 " + valueText(v.deviation, 3)}};
    const auto at = std::size_t(v.channel);
    if (data.report->scheme.weights && at < data.report->channels.size()) lines.push_back({"SQNR", decibelText(data.report->channels[at].sqnrDb)});
    const PlotRect& area = frame.area();
    drawNote(frame, ImVec2(area.min.x + frame.scaled(6), area.min.y + frame.scaled(22)), false, lines);
}

std::vector<std::pair<std::string, std::string>> pointLines(const PlotData& data) {
    if (!data.point || !data.report || data.point->layer != data.report->layer) return {};
    const WeightPoint& p = *data.point;
    std::vector<std::pair<std::string, std::string>> lines{
        {"weight", "channel " + countText(std::uint64_t(p.channel)) + ", element " + countText(std::uint64_t(p.element))}, {"value", valueText(p.value, 4, true)}};
    if (!p.spec) return lines;
    lines.push_back({"code", fixedText(p.code, 0)});
    lines.push_back({"becomes", valueText(p.decoded, 4, true)});
    lines.push_back({"error", valueText(p.error(), 3, true)});
    lines.push_back({"scale", valueText(p.scale, 4) + (p.zeroPoint ? ", zero point " + fixedText(p.zeroPoint, 0) : "")});
    lines.push_back({"group", countText(std::uint64_t(p.group)) + ", " + weightsText(std::uint64_t(p.groupLength))});
    return lines;
}

void drawNote(const PlotFrame& frame, ImVec2 corner, bool lower, const std::vector<std::pair<std::string, std::string>>& lines) {
    if (lines.empty()) return;
    ImFont* font = frame.fonts().small;
    const float line = font->FontSize + frame.scaled(2), pad = frame.scaled(6), gap = frame.scaled(8);
    float names = 0, values = 0;
    for (const auto& [name, value] : lines) {
        names = std::max(names, frame.textWidth(font, name));
        values = std::max(values, frame.textWidth(font, value));
    }
    const ImVec2 size(std::round(names + gap + values + 2 * pad), std::round(line * float(lines.size()) + 2 * pad));
    const ImVec2 from(corner.x, lower ? corner.y - size.y : corner.y), to(from.x + size.x, from.y + size.y);
    const Colors& c = frame.colors();
    frame.list()->AddRectFilled(from, to, c.tooltip.withAlpha(238).packed(), frame.scaled(4));
    frame.list()->AddRect(from, to, c.border.packed(), frame.scaled(4));
    float y = from.y + pad;
    for (const auto& [name, value] : lines) {
        frame.text(font, ImVec2(from.x + pad, y), c.dimmed, name);
        frame.text(font, ImVec2(from.x + pad + names + gap, y), c.text, value);
        y += line;
    }
}

void drawPointNote(const PlotFrame& frame, const PlotData& data) {
    auto lines = pointLines(data);
    if (data.selection.interval && data.report) lines.push_back({"lit", litText(*data.report, *data.selection.interval)});
    const PlotRect& area = frame.area();
    drawNote(frame, ImVec2(area.min.x + frame.scaled(4), area.max.y - frame.scaled(4)), true, lines);
}

}  // namespace bitlathe
