#include "widgets/plots/step_curve.h"

#include "core/base/number_text.h"

#include <algorithm>
#include <cmath>


namespace bitlathe {

double StepCurve::peak() const { return shares.empty() ? 0 : *std::max_element(shares.begin(), shares.end()); }

double StepCurve::smallest() const {
    double out = 0;
    for (const double s : shares)
        if (s > 0 && (out == 0 || s < out)) out = s;
    return out;
}

Extent StepCurve::filled() const {
    std::size_t first = 0, last = shares.size();
    while (first < last && shares[first] == 0) ++first;
    while (last > first && shares[last - 1] == 0) --last;
    if (first == last) return {lo, hi()};
    return {lo + width * double(first), lo + width * double(last)};
}

Extent StepCurve::visible() const {
    const double least = peak() / 300;
    std::size_t first = 0, last = shares.size();
    while (first < last && shares[first] < least) ++first;
    while (last > first && shares[last - 1] < least) --last;
    if (first == last) return filled();
    return {lo + width * double(first), lo + width * double(last)};
}

double StepCurve::shareOutside(Extent x) const {
    double sum = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const double middle = lo + width * (double(i) + 0.5);
        if (middle < x.lo || middle > x.hi) sum += shares[i];
    }
    return sum;
}

int StepCurve::binAt(double x) const {
    if (!(x >= lo) || !(x < hi())) return -1;
    return std::min(int((x - lo) / width), int(shares.size()) - 1);
}

StepCurve stepCurve(const Histogram& histogram) {
    StepCurve out{histogram.lo, histogram.binWidth(), {}};
    double total = double(histogram.below) + double(histogram.above);
    for (const std::uint64_t count : histogram.counts) total += double(count);
    if (!(total > 0)) return out;
    out.shares.reserve(histogram.counts.size());
    for (const std::uint64_t count : histogram.counts) out.shares.push_back(double(count) / total);
    return out;
}

StepCurve coarsened(const StepCurve& curve, double width) {
    const auto together = std::size_t(curve.width > 0 ? std::max(1.0, std::ceil(width / curve.width - 1e-9)) : 1.0);
    if (together <= 1) return curve;
    StepCurve out{curve.lo, curve.width * double(together), {}};
    for (std::size_t i = 0; i < curve.shares.size(); i += together) {
        double sum = 0;
        for (std::size_t k = i; k < std::min(i + together, curve.shares.size()); ++k) sum += curve.shares[k];
        out.shares.push_back(sum / double(together));
    }
    return out;
}

double steadyBins(const StepCurve& curve, std::int64_t count) {
    if (curve.shares.empty() || count <= 0) return 1;
    const double filled = curve.filled().size() / curve.width, wanted = std::max(16.0, 2 * std::sqrt(double(count)));
    return std::max(1.0, std::floor(filled / wanted));
}

namespace {

// Cells narrower than a bin become one with their neighbours, until they are as wide; wide ones stay alone.
std::vector<LevelBar> togetherBelow(double width, const std::vector<LevelBar>& cells) {
    std::vector<LevelBar> out;
    bool open = false;  // the last one is still too narrow
    const auto join = [&](const LevelBar& more) {
        out.back().hi = more.hi;
        out.back().levels += more.levels;
        out.back().level = (out.back().lo + out.back().hi) / 2;
    };
    const auto close = [&] {  // a rest joins what came before
        if (!open || out.size() < 2 || out[out.size() - 2].levels == 1) return;
        const LevelBar rest = out.back();
        out.pop_back();
        join(rest);
    };
    for (const LevelBar& cell : cells) {
        const bool narrow = cell.hi - cell.lo < width * (1 - 1e-9);
        if (narrow && open) {
            join(cell);
            open = out.back().hi - out.back().lo < width * (1 - 1e-9);
            continue;
        }
        close();
        out.push_back(cell);
        open = narrow;
    }
    close();
    return out;
}

}  // namespace

std::vector<LevelBar> levelBars(const StepCurve& curve, std::span<const float> levels) {
    constexpr std::size_t most = 4096;
    if (levels.size() < 2 || levels.size() > most || curve.shares.empty()) return {};
    const Extent filled = curve.filled();
    std::vector<double> centres(levels.begin(), levels.end());
    const double low = centres[1] - centres[0], high = centres.back() - centres[centres.size() - 2];
    if (!(low > 0) || !(high > 0)) return {};
    std::vector<double> before;
    for (double at = centres.front() - low; at + low / 2 > filled.lo && before.size() < most; at -= low) before.push_back(at);
    for (double at = centres.back() + high; at - high / 2 < filled.hi && centres.size() < most; at += high) centres.push_back(at);
    centres.insert(centres.begin(), before.rbegin(), before.rend());

    std::vector<LevelBar> bars(centres.size());
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double left = i ? centres[i] - centres[i - 1] : low, right = i + 1 < bars.size() ? centres[i + 1] - centres[i] : high;
        bars[i] = {centres[i], centres[i] - left / 2, centres[i] + right / 2, 0};
    }
    bars = togetherBelow(curve.width, bars);
    std::size_t cell = 0;
    for (std::size_t i = 0; i < curve.shares.size(); ++i) {
        const double at = curve.lo + curve.width * (double(i) + 0.5);
        while (cell + 1 < bars.size() && at >= bars[cell].hi) ++cell;
        bars[cell].share += curve.shares[i];
    }
    for (LevelBar& bar : bars) bar.share *= curve.width / (bar.hi - bar.lo);
    return bars;
}

void drawSteps(const PlotFrame& frame, const StepCurve& whole, Rgba color, float fill, float line) {
    const PlotRect& area = frame.area();
    const double pixel = frame.xAt(area.min.x + 1) - frame.xAt(area.min.x);
    const StepCurve curve = coarsened(whole, pixel);
    if (curve.shares.empty()) return;
    const float thick = std::max(1.0f, std::round(frame.scaled(1)));
    const ImU32 inside = frame.ink(color, fill), edge = frame.ink(color, line);
    const auto count = int(curve.shares.size());
    const int first = indexAt((frame.xAt(area.min.x) - curve.lo) / curve.width - 1, 0, count);
    const int last = indexAt((frame.xAt(area.max.x) - curve.lo) / curve.width + 2, -1, count - 1);
    const float base = area.max.y;
    ImDrawList* list = frame.list();
    float previous = base;
    for (int i = first; i <= last; ++i) {
        const double share = curve.shares[std::size_t(i)];
        const float x0 = std::floor(frame.px(curve.lo + curve.width * i)), x1 = std::floor(frame.px(curve.lo + curve.width * (i + 1)));
        const float y = share > 0 ? std::floor(std::min(frame.py(share), base)) : base;
        if (fill > 0 && y < base) list->AddRectFilled(ImVec2(x0, y), ImVec2(x1, base), inside);
        if (line > 0) {
            if (y < base) list->AddRectFilled(ImVec2(x0, y), ImVec2(std::max(x1, x0 + thick), y + thick), edge);
            const float top = std::min(y, previous), bottom = std::max(y, previous);
            if (bottom > top) list->AddRectFilled(ImVec2(x0, top), ImVec2(x0 + thick, bottom), edge);
        }
        previous = y;
    }
    if (line > 0 && previous < base) {
        const float x = std::floor(frame.px(curve.lo + curve.width * (last + 1)));
        list->AddRectFilled(ImVec2(x, previous), ImVec2(x + thick, base), edge);
    }
}

void drawBars(const PlotFrame& frame, std::span<const LevelBar> bars, Rgba color, float strength) {
    const PlotRect& area = frame.area();
    const float cap = std::max(1.0f, std::round(frame.scaled(2)));
    const ImU32 inside = frame.ink(color, 0.5f * strength), edge = frame.ink(color, strength);
    for (std::size_t i = 0; i < bars.size();) {
        // Cells below two pixels are drawn together, as their mean density.
        std::size_t end = i + 1;
        const float left = frame.px(bars[i].lo);
        while (end < bars.size() && frame.px(bars[end - 1].hi) - left < frame.scaled(2)) ++end;
        double share = 0;
        for (std::size_t k = i; k < end; ++k) share += bars[k].share * (bars[k].hi - bars[k].lo);
        share /= bars[end - 1].hi - bars[i].lo;
        float x0 = left, x1 = frame.px(bars[end - 1].hi);
        if (x1 - x0 >= frame.scaled(5)) {
            const float middle = frame.px(bars[i].level);
            x0 = middle - (middle - x0) * 0.62f;
            x1 = middle + (x1 - middle) * 0.62f;
        }
        i = end;
        if (!(share > 0) || x1 < area.min.x || x0 > area.max.x) continue;
        x0 = std::floor(x0);
        x1 = std::max(std::floor(x1), x0 + 1);
        const float y = std::floor(std::min(frame.py(share), area.max.y - 1));
        frame.list()->AddRectFilled(ImVec2(x0, y), ImVec2(x1, area.max.y), inside);
        frame.list()->AddRectFilled(ImVec2(x0, y), ImVec2(x1, y + cap), edge);
    }
}

void drawBeyond(const PlotFrame& frame, Extent shown, const StepCurve& curve) {
    const PlotRect& area = frame.area();
    const auto corner = [&](double share, bool right) {
        if (!(share > 0)) return;
        const std::string words = right ? percentText(share) + " \u2192" : "\u2190 " + percentText(share);
        const float width = frame.textWidth(frame.fonts().small, words), pad = frame.scaled(3);
        const float x = right ? area.max.x - frame.scaled(7) - width : area.min.x + frame.scaled(7), y = area.max.y - frame.scaled(21);
        if (width > area.width() * 0.45f) return;
        frame.list()->AddRectFilled(ImVec2(x - pad, y - 1), ImVec2(x + width + pad, y + frame.fonts().small->FontSize + 1), frame.colors().plot.withAlpha(215).packed(), pad);
        frame.text(frame.fonts().small, ImVec2(x, y), frame.colors().dimmed, words);
    };
    corner(curve.shareOutside({shown.lo, 1e300}), false);
    corner(curve.shareOutside({-1e300, shown.hi}), true);
}

}  // namespace bitlathe
