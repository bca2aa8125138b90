#include "widgets/plots/ticks.h"

#include "core/base/number_text.h"

#include <algorithm>
#include <cmath>


namespace bitlathe {

namespace {

// The n-th step of 1, 2, 5, 10, 20, 50 …
double niceStep(int n) {
    static constexpr double of[] = {1, 2, 5};
    const int decade = int(std::floor(n / 3.0));
    return of[n - decade * 3] * std::pow(10.0, decade);
}

bool collide(const std::vector<Tick>& ticks, double pixelsPerUnit, float gap, const LabelLength& length) {
    for (std::size_t i = 1; i < ticks.size(); ++i) {
        const double apart = (ticks[i].value - ticks[i - 1].value) * pixelsPerUnit;
        if (apart < (length(ticks[i].label) + length(ticks[i - 1].label)) / 2 + gap) return true;
    }
    return false;
}

std::string labelOf(double value, double step) {
    const int decimals = std::max(0, -int(std::floor(std::log10(step) + 1e-9)));
    if (decimals <= 4 && std::abs(value) < 1e7) return fixedText(value, decimals);
    if (std::abs(value) < step / 2) return "0";
    // As many digits as tell neighbours apart: "5·10⁻⁶", "1.5·10⁻⁵".
    const int digits = 1 + std::max(0, int(std::floor(std::log10(std::abs(value)) + 1e-9)) - int(std::floor(std::log10(step) + 1e-9)));
    return valueText(value, std::min(digits, 6));
}

}  // namespace

std::vector<Tick> linearTicks(double lo, double hi, float pixels, float gap, const LabelLength& length, bool whole) {
    if (!(lo < hi) || !(pixels > 0) || !std::isfinite(hi - lo)) return {};
    int n = int(std::floor(std::log10((hi - lo) / std::max(2.0f, pixels / 8)) * 3)) - 1;
    if (whole) n = std::max(n, 0);
    for (;; ++n) {
        const double step = niceStep(n);
        if (step > (hi - lo) * 2) return {};
        const double first = std::ceil(lo / step - 1e-9), last = std::floor(hi / step + 1e-9);
        if (last - first > 400) continue;
        std::vector<Tick> ticks;
        for (double k = first; k <= last; ++k) ticks.push_back({k * step, labelOf(k * step, step)});
        if (!collide(ticks, pixels / (hi - lo), gap, length)) return ticks;
    }
}

std::vector<Tick> logTicks(double lo, double hi, float pixels, float gap, const LabelLength& length) {
    if (!(lo > 0) || !(lo < hi) || !(pixels > 0) || !std::isfinite(hi)) return {};
    const int first = int(std::floor(std::log10(lo))), last = int(std::ceil(std::log10(hi)));
    const double pixelsPerDecade = pixels / (std::log10(hi) - std::log10(lo));
    const auto labelOfDecade = [](int d) {
        return d < -3 || d > 5 ? powerText(10, d) : fixedText(std::pow(10.0, d), std::max(0, -d));
    };
    float widest = 0;
    for (int d = first; d <= last; ++d) widest = std::max(widest, length(labelOfDecade(d)));
    const int every = std::max(1, int(std::ceil((widest + gap) / pixelsPerDecade)));
    std::vector<Tick> ticks;
    for (int d = first; d <= last; ++d) {
        const double decade = std::pow(10.0, d);
        if (decade >= lo * (1 - 1e-9) && decade <= hi * (1 + 1e-9) && (d % every + every) % every == 0)
            ticks.push_back({decade, labelOfDecade(d)});
        if (hi / lo > 1e4) continue;
        for (int k = 2; k <= 9; ++k)
            if (k * decade >= lo && k * decade <= hi) ticks.push_back({k * decade, {}});
    }
    return ticks;
}

double roundUp(double value) {
    if (!(value > 0) || !std::isfinite(value)) return 1;
    const double decade = std::pow(10.0, std::floor(std::log10(value)));
    for (const double k : {1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0})
        if (k * decade >= value * (1 - 1e-9)) return k * decade;
    return 10 * decade;
}

}  // namespace bitlathe
