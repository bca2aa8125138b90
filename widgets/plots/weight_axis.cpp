#include "widgets/plots/weight_axis.h"

#include "core/base/number_text.h"

#include <algorithm>
#include <cmath>


namespace bitlathe {

Extent weightFit(const LayerReport& report, const StepCurve& real, bool logCounts) {
    Extent fit = logCounts ? real.filled() : real.visible();
    constexpr double near = 1.8;
    if (report.scheme.weights && report.clipLo < report.clipHi) {
        if (report.clipLo < fit.lo && report.clipLo > fit.lo * near) fit.lo = report.clipLo;
        if (report.clipHi > fit.hi && report.clipHi < fit.hi * near) fit.hi = report.clipHi;
    }
    const double margin = std::max(fit.size() * 0.06, real.width);
    return {fit.lo - margin, fit.hi + margin};
}

std::size_t nearestLevel(const std::vector<float>& levels, double x) {
    const auto after = std::lower_bound(levels.begin(), levels.end(), float(x));
    if (after == levels.begin()) return 0;
    if (after == levels.end() || x - double(*(after - 1)) < double(*after) - x) return std::size_t(after - levels.begin()) - 1;
    return std::size_t(after - levels.begin());
}

void drawLevelMarks(const PlotFrame& frame, const TransferCurve& curve) {
    const PlotRect& area = frame.area();
    const float width = std::max(1.0f, std::round(frame.scaled(1))), cell = std::round(frame.scaled(3));
    const auto from = std::lower_bound(curve.levels.begin(), curve.levels.end(), float(frame.xAt(area.min.x)));
    const auto to = std::upper_bound(from, curve.levels.end(), float(frame.xAt(area.max.x)));
    struct Mark {
        float x;
        int count;
        bool used;
    };
    std::vector<Mark> marks;
    int most = 1;
    for (auto at = from; at != to;) {
        Mark mark{std::floor(frame.px(*at)), 0, curve.counts.size() != curve.levels.size()};
        // All levels of a cell, found without walking over each.
        const auto end = std::max(at + 1, std::upper_bound(at, to, float(frame.xAt(mark.x + cell))));
        mark.count = int(end - at);
        for (auto i = at; i != end && !mark.used; ++i) mark.used = curve.counts[std::size_t(i - curve.levels.begin())] > 0;
        most = std::max(most, mark.count);
        marks.push_back(mark);
        at = end;
    }
    for (const Mark& mark : marks) {
        const double height = most == 1 ? 6 : 5 + 8 * std::log2(double(mark.count)) / std::log2(double(most));
        frame.list()->AddRectFilled(ImVec2(mark.x, area.max.y - frame.scaled(float(height))), ImVec2(mark.x + width, area.max.y),
                                    frame.ink(frame.colors().quantized, mark.used ? 1.0f : 0.45f));
    }
}

}  // namespace bitlathe
