// The weights themselves, from the whole layer down to single ones: output channel (rows) by element
// (columns), as float, quantized, their difference, codes, or one bit of the codes.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/color_bar.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/value_map_state.h"
#include "widgets/plots/weight_marks.h"

namespace bitlathe {

namespace {

constexpr float textWidthLeast = 34, textHeightLeast = 13, borderLeast = 8;  // logical pixels

std::string figureName(CellFigure figure) {
    return figure == CellFigure::Mean ? "mean" : figure == CellFigure::Extreme ? "extreme" : "RMS";
}

std::string cellText(const PatchRequest& r, CellFigure figure) {
    if (r.singleWeights()) return "single weights";
    const std::string cell = countText(std::uint64_t(r.channelsPerRow)) + " \u00D7 " + countText(std::uint64_t(r.elementsPerColumn)) + " weights";
    if (r.what == PatchWhat::BitPlane) return "share of ones in " + cell;
    if (r.what == PatchWhat::Code) return "mean code of " + cell;
    return figureName(figure) + " of " + cell;
}

std::string valueOf(const PatchRequest& r, double v, int digits) {
    if (std::isnan(v)) return "not a number";
    if (r.what == PatchWhat::BitPlane && !r.singleWeights()) return percentText(v);
    if (r.what == PatchWhat::BitPlane || (r.what == PatchWhat::Code && r.singleWeights())) return fixedText(v, 0);
    return valueText(v, digits, true);
}

bool shows(const ValuePatch* patch, const LayerReport& report, const ValueMapState& map) {
    if (!patch || patch->request.layer != report.layer || patch->request.what != map.what) return false;
    return map.what != PatchWhat::BitPlane || patch->request.bit == map.bit;
}

class ValueMap {
public:
    ValueMap(PlotFrame& frame, PlotContext& context, PlotState& state, const PlotData& data, std::int64_t channels, std::int64_t perChannel)
        : m_frame(frame), m_context(context), m_state(state), m_map(*state.valueMap), m_data(data), m_report(*data.report), m_channels(channels), m_perChannel(perChannel) {}

    // Asks for the cells of what is visible, unless they were asked for already.
    void ask() {
        const PlotView& view = m_state.view;
        const PlotRect& area = m_frame.area();
        PatchRequest visible = requestFor(view.x.lo, view.x.hi, view.y.lo, view.y.hi, area.width(), area.height(), m_channels, m_perChannel);
        visible.layer = m_report.layer;
        visible.what = m_map.what;
        visible.bit = m_map.what == PatchWhat::BitPlane ? m_map.bit : 0;
        visible.lit = m_data.selection.interval;
        if (visible.channels == 0 || visible.elements == 0 || (m_map.asked && serves(*m_map.asked, visible))) return;
        PatchRequest wider = visible;
        const auto widen = [](std::int64_t& first, std::int64_t& count, std::int64_t per, std::int64_t all) {
            const std::int64_t margin = count / per / 8 * per, end = std::min(first + count + margin, all);
            first = std::max<std::int64_t>(first - margin, 0);
            count = end - first;
        };
        widen(wider.channel, wider.channels, wider.channelsPerRow, m_channels);
        widen(wider.element, wider.elements, wider.elementsPerColumn, m_perChannel);
        m_map.asked = wider;
        m_context.intents.push_back(ShowPatch{wider});
    }

    // The patch that is on screen, or null.
    const ValuePatch* draw() {
        const bool whole = shows(m_data.wholePatch.get(), m_report, m_map), detail = shows(m_data.patch.get(), m_report, m_map);
        if (whole && m_data.wholePatch != m_data.patch) drawPatch(m_map.whole, m_data.wholePatch);
        if (detail) drawPatch(m_map.detail, m_data.patch);
        return detail ? m_data.patch.get() : whole ? m_data.wholePatch.get() : nullptr;
    }

    void drawBorders() const {
        const std::int64_t group = m_data.groupSize;
        if (group <= 0 || cellWidth() * float(group) < m_frame.scaled(borderLeast)) return;
        const PlotRect& area = m_frame.area();
        const double first = std::max(std::ceil(m_frame.xAt(area.min.x) / double(group)), 1.0), last = std::min(m_frame.xAt(area.max.x), double(m_perChannel) - 1) / double(group);
        const float top = m_frame.py(double(m_channels)), bottom = m_frame.py(0);
        for (double g = first; g <= last; g += 1) {
            const float x = std::floor(m_frame.px(g * double(group)));
            m_frame.list()->AddRectFilled(ImVec2(x, std::max(top, area.min.y)), ImVec2(x + 1, std::min(bottom, area.max.y)), Rgba{128, 128, 128, 255}.packed());
        }
    }

    void drawTexts(const ValuePatch& patch) const {
        const PatchRequest& r = patch.request;
        const float width = cellWidth(), height = cellHeight();
        const bool small = r.what == PatchWhat::Code || r.what == PatchWhat::BitPlane;
        if (!r.singleWeights() || width < m_frame.scaled(small ? 26 : textWidthLeast) || height < m_frame.scaled(textHeightLeast)) return;
        const PlotRect& area = m_frame.area();
        const auto first = std::int64_t(std::floor(m_frame.xAt(area.min.x))), last = std::int64_t(std::floor(m_frame.xAt(area.max.x)));
        const auto low = std::int64_t(std::floor(m_frame.yAt(area.max.y))), high = std::int64_t(std::floor(m_frame.yAt(area.min.y)));
        const ValueScale& scale = m_map.detail.scale;
        ImFont* font = m_frame.fonts().small;
        for (std::int64_t c = std::max(low, r.channel); c <= std::min(high, r.channel + patch.rows - 1); ++c)
            for (std::int64_t e = std::max(first, r.element); e <= std::min(last, r.element + patch.columns - 1); ++e) {
                const std::size_t at = std::size_t(c - r.channel) * std::size_t(patch.columns) + std::size_t(e - r.element);
                const float v = patch.mean[at];
                std::string text = valueOf(r, v, 2);
                if (m_frame.textWidth(font, text) > width - m_frame.scaled(4)) text = valueOf(r, v, 1);
                if (m_frame.textWidth(font, text) > width - m_frame.scaled(2)) continue;
                const bool dimmed = !patch.lit.empty() && !(patch.lit[at] > 0);
                const Rgba cell = dimmed ? mix(m_frame.colors().plot, scale.of(v), 0.14f) : scale.of(v), black{16, 18, 22}, white{250, 250, 250};
                const Rgba ink = contrast(cell, black) > contrast(cell, white) ? black : white;
                m_frame.text(font, ImVec2(m_frame.px(double(e) + 0.5), (m_frame.py(double(c) + 1) + m_frame.py(double(c)) - font->FontSize) / 2), dimmed ? mix(cell, ink, 0.5f) : ink, text, 0.5f);
            }
    }

    void drawSelection() const {
        const PlotRect& area = m_frame.area();
        const ImU32 tint = m_frame.colors().accent.packed();
        const float line = std::max(1.0f, std::round(m_frame.scaled(1)));
        if (const auto& channel = m_data.selection.channel) {
            const float top = std::floor(m_frame.py(double(*channel) + 1)), bottom = std::max(std::floor(m_frame.py(double(*channel))), top + line);
            m_frame.list()->AddRectFilled(ImVec2(area.min.x, top - line), ImVec2(area.max.x, top), tint);
            m_frame.list()->AddRectFilled(ImVec2(area.min.x, bottom), ImVec2(area.max.x, bottom + line), tint);
        }
        if (const auto& weight = m_data.selection.weight) {
            const float x0 = std::floor(m_frame.px(double(weight->element))), x1 = std::max(std::floor(m_frame.px(double(weight->element) + 1)), x0 + m_frame.scaled(5));
            const float y0 = std::floor(m_frame.py(double(weight->channel) + 1)), y1 = std::max(std::floor(m_frame.py(double(weight->channel))), y0 + m_frame.scaled(5));
            m_frame.list()->AddRect(ImVec2(x0 - line, y0 - line), ImVec2(x1 + line, y1 + line), Rgba{0, 0, 0, 160}.packed(), 0, 0, line * 4);
            m_frame.list()->AddRect(ImVec2(x0 - line, y0 - line), ImVec2(x1 + line, y1 + line), Rgba{255, 255, 255}.packed(), 0, 0, line * 1.5f);
        }
    }

    void takePointer(const ValuePatch* patch) {
        const double x = m_frame.xAt(m_frame.pointer().x), y = m_frame.yAt(m_frame.pointer().y);
        if (!m_frame.hovered() || !(x >= 0 && x < double(m_perChannel) && y >= 0 && y < double(m_channels))) return;
        const auto element = std::int64_t(x), channel = std::int64_t(y);
        if (m_frame.clicked()) {
            if (m_map.asked && m_map.asked->singleWeights()) m_context.intents.push_back(SelectWeight{channel, element});
            else m_context.intents.push_back(SelectChannel{channel});
        }
        if (m_state.view.drag == PlotView::Drag::None && patch) explain(*patch, channel, element);
    }

    void takeKeys() {
        if (!m_state.keyboard) return;
        for (const KeyPress& press : m_context.frame.keys) {
            const int dx = press.key == CanvasKey::Right ? 1 : press.key == CanvasKey::Left ? -1 : 0, dy = press.key == CanvasKey::Up ? 1 : press.key == CanvasKey::Down ? -1 : 0;
            if (dx == 0 && dy == 0) continue;
            WeightAddress at{std::int64_t((m_state.view.y.lo + m_state.view.y.hi) / 2), std::int64_t((m_state.view.x.lo + m_state.view.x.hi) / 2)};
            if (m_data.selection.weight) at = {m_data.selection.weight->channel + dy * (press.shift ? 10 : 1), m_data.selection.weight->element + dx * (press.shift ? 10 : 1)};
            at = {std::clamp<std::int64_t>(at.channel, 0, m_channels - 1), std::clamp<std::int64_t>(at.element, 0, m_perChannel - 1)};
            if (at != m_data.selection.weight) m_context.intents.push_back(SelectWeight{at.channel, at.element});
        }
    }

private:
    // Pixels of one weight; px() is of no use far outside the area.
    float cellWidth() const { return float(double(m_frame.area().width()) / m_state.view.x.size()); }
    float cellHeight() const { return float(double(m_frame.area().height()) / m_state.view.y.size()); }

    void drawPatch(ValueMapState::Painted& painted, const std::shared_ptr<const ValuePatch>& patch) {
        const ValueScale scale = valueScale(m_report, *patch, m_map.figure);
        const Colors& c = m_frame.colors();
        if (painted.patch != patch || painted.figure != m_map.figure || painted.scale != scale || painted.dark != c.dark) {
            fillTexture(painted.texture, *patch, m_map.figure, scale, c.plot, c.refusal);
            painted.patch = patch;
            painted.figure = m_map.figure;
            painted.scale = scale;
            painted.dark = c.dark;
        }
        // Only the visible part, so that coordinates stay small however deep the zoom.
        const PatchRequest& r = patch->request;
        const PlotRect& area = m_frame.area();
        const double left = double(r.element), low = double(r.channel);
        const double wide = double(patch->columns) * double(r.elementsPerColumn), tall = double(patch->rows) * double(r.channelsPerRow);
        const double x0 = std::max(m_frame.xAt(area.min.x), left), x1 = std::min({m_frame.xAt(area.max.x), left + wide, double(m_perChannel)});
        const double y0 = std::max(m_frame.yAt(area.max.y), low), y1 = std::min({m_frame.yAt(area.min.y), low + tall, double(m_channels)});
        if (!(x0 < x1 && y0 < y1)) return;
        m_frame.list()->AddImage(&painted.texture, ImVec2(m_frame.px(x0), m_frame.py(y1)), ImVec2(m_frame.px(x1), m_frame.py(y0)),
                                 ImVec2(float((x0 - left) / wide), float(1 - (y1 - low) / tall)), ImVec2(float((x1 - left) / wide), float(1 - (y0 - low) / tall)),
                                 Rgba{255, 255, 255, std::uint8_t(patch->exact() ? 255 : 225)}.packed());
    }

    void explain(const ValuePatch& patch, std::int64_t channel, std::int64_t element) {
        const PatchRequest& r = patch.request;
        const std::int64_t row = (channel - r.channel) / r.channelsPerRow, column = (element - r.element) / r.elementsPerColumn;
        if (channel < r.channel || element < r.element || row >= patch.rows || column >= patch.columns) return;
        const auto span = [](std::int64_t first, std::int64_t size, std::int64_t all) {
            const std::int64_t last = std::min(first + size, all) - 1;
            return countText(std::uint64_t(first)) + (last > first ? "\u2013" + countText(std::uint64_t(last)) : "");
        };
        const std::size_t at = std::size_t(row) * std::size_t(patch.columns) + std::size_t(column);
        std::vector<std::pair<std::string, std::string>> lines{
            {r.channelsPerRow > 1 ? "channels" : "channel", span(r.channel + row * r.channelsPerRow, r.channelsPerRow, m_channels)},
            {r.elementsPerColumn > 1 ? "elements" : "element", span(r.element + column * r.elementsPerColumn, r.elementsPerColumn, m_perChannel)}};
        constexpr std::array<const char*, 4> names{"value", "quantized", "error", "code"};
        const std::string name = r.what == PatchWhat::BitPlane ? "bit " + std::to_string(r.bit) : names[std::size_t(r.what)];
        if (r.singleWeights() || r.what == PatchWhat::BitPlane || r.what == PatchWhat::Code) {
            lines.push_back({r.singleWeights() ? name : r.what == PatchWhat::Code ? "mean code" : name + " is 1", valueOf(r, patch.mean[at], 4)});
        } else {
            lines.push_back({name + ", RMS", valueText(patch.rms[at], 3)});
            lines.push_back({"mean", valueText(patch.mean[at], 3, true)});
            lines.push_back({"extreme", valueText(patch.extreme[at], 3, true)});
        }
        if (!patch.lit.empty() && !r.singleWeights()) lines.push_back({"lit", percentText(patch.lit[at])});
        m_frame.readOut(lines);
    }

    PlotFrame& m_frame;
    PlotContext& m_context;
    PlotState& m_state;
    ValueMapState& m_map;
    const PlotData& m_data;
    const LayerReport& m_report;
    std::int64_t m_channels, m_perChannel;
};

// The buttons: what is shown, which bit of it, and which figure of a cell.
void drawTools(const PlotFrame& frame, PlotRect card, ValueMapState& map, const LayerReport& report, const ValuePatch* patch, bool free) {
    ToolRow row(frame, ImVec2(std::round(card.min.x + frame.scaled(8)), std::round(card.min.y + frame.scaled(30))), card.max.x - frame.scaled(12), free);
    const bool narrow = card.width() < frame.scaled(330);
    const auto choose = [&](const char* text, const char* shorter, PatchWhat what) {
        if (row.button(narrow ? shorter : text, map.what == what)) map.what = what;
    };
    choose("Float", "Float", PatchWhat::Float);
    if (report.scheme.weights) {
        choose("Quantized", "Quant", PatchWhat::Quantized);
        choose("Difference", "Diff", PatchWhat::Difference);
        choose("Code", "Code", PatchWhat::Code);
        choose("Bits", "Bits", PatchWhat::BitPlane);
    }
    row.gap();
    if (map.what == PatchWhat::BitPlane) {
        for (int bit = std::min(report.scheme.weights->bits, 16) - 1; bit >= 0; --bit)
            if (row.button(std::to_string(bit), map.bit == bit)) map.bit = bit;
    } else if (patch && !patch->request.singleWeights() && map.what != PatchWhat::Code) {
        for (const CellFigure figure : {CellFigure::RootMeanSquare, CellFigure::Mean, CellFigure::Extreme})
            if (row.button(figureName(figure), map.figure == figure)) map.figure = figure;
    }
    if (patch) row.words(cellText(patch->request, map.figure));
}

}  // namespace

void drawValueMap(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    PlotLabels labels{.title = "Weights", .subtitle = "by output channel", .xLabel = "element in the channel", .wholeX = true, .wholeY = true, .wheelY = true,
                      .toolRow = ToolRow::height * context.frame.scale, .headRoomRight = 170 * context.frame.scale};
    labels.keyboard = state.keyboard;
    const std::int64_t channels = data.report ? std::int64_t(data.report->channels.size()) : 0;
    const std::int64_t perChannel = channels > 0 ? data.report->statistics.count / channels : 0;
    if (perChannel <= 0) {
        labels.toolRow = 0;
        PlotFrame(context, state.view, card, labels).empty(data.report ? "This layer has no weights to show." : "Select a layer to see its weights.");
        return;
    }
    const LayerReport& report = *data.report;
    if (!state.valueMap) state.valueMap = std::make_shared<ValueMapState>();
    ValueMapState& map = *state.valueMap;
    if (!report.scheme.weights) map.what = PatchWhat::Float;
    else map.bit = std::clamp(map.bit, 0, std::max(std::min(report.scheme.weights->bits, 16) - 1, 0));
    if (data.patch && shows(data.patch.get(), report, map)) labels.doneFraction = data.patch->doneFraction;
    PlotFrame frame(context, state.view, card, labels);
    const ValuePatch* patch = nullptr;
    if (frame.begin({0, double(perChannel)}, {0, double(channels)})) {
        ValueMap picture(frame, context, state, data, channels, perChannel);
        picture.ask();
        patch = picture.draw();
        picture.drawBorders();
        if (patch) picture.drawTexts(*patch);
        picture.drawSelection();
        picture.takePointer(patch);
        picture.takeKeys();
        drawPointNote(frame, data);
    }
    frame.end();
    drawTools(frame, card, map, report, patch, context.captured == nullptr);
    if (!patch) return;
    const ValueScale scale = valueScale(report, *patch, map.figure);
    const bool share = map.what == PatchWhat::BitPlane, whole = map.what == PatchWhat::Code;
    const std::string end = share ? (patch->request.singleWeights() ? "1" : "100 %") : whole ? fixedText(scale.end, 0) : valueText(scale.end, 2);
    drawColorBar(frame, card, labels.title, [&](float t) { return scale.at(t); }, scale.diverging ? "\u2212" + end : share && end != "1" ? "0 %" : "0", end);
}

}  // namespace bitlathe
