#include "core/metrics/importance_figures.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace bitlathe {

ImportanceFigures importanceFigures(std::span<const float> columns) {
    ImportanceFigures made;
    for (const float value : columns) made.sum += static_cast<double>(value);
    if (columns.empty() || !(made.sum > 0)) return made;
    std::vector<float> sorted(columns.begin(), columns.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    made.largest = static_cast<double>(sorted.front());
    const std::size_t tenth = (sorted.size() + 9) / 10;
    double top = 0;
    std::size_t above = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const double share = static_cast<double>(sorted[i]) / made.sum;
        if (i < tenth) top += share;
        if (share > 0) made.entropyBits -= share * std::log2(share), ++above;
    }
    made.topShare = std::min(1.0, top);
    made.active = static_cast<double>(above) / static_cast<double>(sorted.size());
    made.entropyBits = std::max(0.0, made.entropyBits);
    made.evenness = sorted.size() > 1 ? made.entropyBits / std::log2(static_cast<double>(sorted.size())) : 1.0;
    return made;
}

std::vector<double> importanceCurve(std::span<const float> columns, std::size_t places) {
    std::vector<float> sorted(columns.begin(), columns.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    double sum = 0;
    for (const float value : sorted) sum += static_cast<double>(value);
    std::vector<double> curve;
    if (!(sum > 0) || places == 0) return curve;
    double held = 0;
    std::size_t at = 0;
    for (std::size_t place = 1; place <= places; ++place) {
        const std::size_t end = place * sorted.size() / places;
        for (; at < end; ++at) held += static_cast<double>(sorted[at]);
        curve.push_back(std::min(1.0, held / sum));
    }
    return curve;
}

}  // namespace bitlathe
