// The error of each channel (rows) by groups of columns, as a heat map with its scale.
#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "widgets/plots/color_bar.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/value_scale.h"

namespace bitlathe {

namespace {

// One texel per `step` × `step` cells (their root mean square), row 0 at the bottom.
void fillTexture(CanvasTexture& texture, const ErrorMap& map, int step, double end) {
    texture.width = (map.columns + step - 1) / step;
    texture.height = (map.rows + step - 1) / step;
    texture.smooth = false;
    texture.pixels.resize(std::size_t(texture.width) * std::size_t(texture.height));
    for (int y = 0; y < texture.height; ++y)
        for (int x = 0; x < texture.width; ++x) {
            double sum = 0;
            int cells = 0;
            for (int r = y * step; r < std::min((y + 1) * step, map.rows); ++r)
                for (int k = x * step; k < std::min((x + 1) * step, map.columns); ++k, ++cells) {
                    const double v = map.rms[std::size_t(r) * std::size_t(map.columns) + std::size_t(k)];
                    sum += v * v;
                }
            const double rms = std::sqrt(sum / std::max(cells, 1));
            texture.pixels[std::size_t(texture.height - 1 - y) * std::size_t(texture.width) + std::size_t(x)] =
                magnitude(end > 0 ? float(rms / end) : 0).packed();
        }
    ++texture.generation;
}

}  // namespace

void drawErrorMap(PlotContext& context, PlotState& state, PlotRect card, const PlotData& data) {
    PlotLabels labels{.title = "RMS error map", .subtitle = "by channel", .xLabel = "element in the channel", .wholeX = true, .wholeY = true, .wheelY = true,
                      .headRoomRight = 132 * context.frame.scale};
    labels.keyboard = state.keyboard;
    const bool any = data.report && data.report->scheme.weights && data.report->map.rows > 0 && data.report->map.columns > 0;
    if (!any) {
        PlotFrame(context, state.view, card, labels).empty(data.report ? "This layer stays in float: there is no error." : "No layer is selected.");
        return;
    }
    const LayerReport& report = *data.report;
    const ErrorMap& map = report.map;
    labels.doneFraction = report.doneFraction;
    const double perX = double(map.elementsPerColumn), perY = double(map.channelsPerRow);
    const double end = nearlyLargest(map.rms);
    // The last row and column may cover less than the others: the axes end where the weight does.
    const auto channels = std::int64_t(report.channels.size());
    const std::int64_t elements = channels > 0 ? report.statistics.count / channels : 0;
    const double wide = elements > 0 ? std::min(map.columns * perX, double(elements)) : map.columns * perX;
    const double tall = channels > 0 ? std::min(map.rows * perY, double(channels)) : map.rows * perY;
    PlotFrame frame(context, state.view, card, labels);
    if (frame.begin({0, wide}, {0, tall})) {
        // Several cells on a pixel are averaged; when zoomed in each is drawn as it is.
        const double cellsX = state.view.x.size() / perX / frame.area().width(), cellsY = state.view.y.size() / perY / frame.area().height();
        const int step = indexAt(std::max(cellsX, cellsY), 1, std::max(map.rows, map.columns));
        if (state.textureOf != &report || state.textureStep != step) {
            fillTexture(state.texture, map, step, end);
            state.textureOf = &report;
            state.textureStep = step;
        }
        const ImVec2 from(frame.px(0), frame.py(state.texture.height * step * perY)), to(frame.px(state.texture.width * step * perX), frame.py(0));
        // Only the visible part, so that coordinates stay small however deep the zoom.
        const PlotRect& area = frame.area();
        const double x0 = std::max(frame.xAt(area.min.x), 0.0), x1 = std::min({frame.xAt(area.max.x), state.texture.width * step * perX, wide});
        const double y0 = std::max(frame.yAt(area.max.y), 0.0), y1 = std::min({frame.yAt(area.min.y), state.texture.height * step * perY, tall});
        const double fullX = state.texture.width * step * perX, fullY = state.texture.height * step * perY;
        if (x0 < x1 && y0 < y1 && from.x < to.x)
            frame.list()->AddImage(&state.texture, ImVec2(frame.px(x0), frame.py(y1)), ImVec2(frame.px(x1), frame.py(y0)),
                                   ImVec2(float(x0 / fullX), float(1 - y1 / fullY)), ImVec2(float(x1 / fullX), float(1 - y0 / fullY)), frame.ink({255, 255, 255}));
        if (data.selection.channel) {
            const float y = std::floor(frame.py((std::floor(double(*data.selection.channel) / perY) + 0.5) * perY));
            frame.list()->AddRectFilled(ImVec2(area.min.x, y), ImVec2(area.max.x, y + std::max(1.0f, frame.scaled(1))), context.frame.colors.accent.packed());
        }
        const int column = indexAt(frame.xAt(frame.pointer().x) / perX, -1, map.columns), row = indexAt(frame.yAt(frame.pointer().y) / perY, -1, map.rows);
        if (frame.hovered() && column >= 0 && column < map.columns && row >= 0 && row < map.rows) {
            const std::int64_t channel = row * map.channelsPerRow, element = column * map.elementsPerColumn;
            if (frame.clicked()) context.intents.push_back(SelectChannel{channel});
            const auto span = [](std::int64_t first, std::int64_t size, double most) {
                const std::int64_t last = std::min(first + size, std::int64_t(most)) - 1;
                return countText(std::uint64_t(first)) + (last > first ? "\u2013" + countText(std::uint64_t(last)) : "");
            };
            if (state.view.drag == PlotView::Drag::None)
                frame.readOut({{map.channelsPerRow > 1 ? "channels" : "channel", span(channel, map.channelsPerRow, tall)},
                               {map.elementsPerColumn > 1 ? "elements" : "element", span(element, map.elementsPerColumn, wide)},
                               {"RMS error", valueText(map.rms[std::size_t(row) * std::size_t(map.columns) + std::size_t(column)], 3)}});
        }
    }
    frame.end();
    drawColorBar(frame, card, labels.title, [](float t) { return magnitude(t); }, "0", valueText(end, 2));
}

}  // namespace bitlathe
