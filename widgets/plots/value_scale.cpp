#include "widgets/plots/value_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bitlathe {

double nearlyLargest(std::vector<float> all) {
    std::erase_if(all, [](float v) { return !std::isfinite(v); });
    if (all.empty()) return 0;
    const auto at = all.begin() + std::ptrdiff_t(double(all.size() - 1) * 0.99);
    std::nth_element(all.begin(), at, all.end());
    return *at > 0 ? double(*at) : double(*std::max_element(all.begin(), all.end()));
}

namespace {

constexpr double covered = 0.999;  // share of the weights inside the scale's ends

// The smallest magnitude that `covered` of the histogram's values do not exceed.
double reachOf(const Histogram& h) {
    std::uint64_t all = h.below + h.above;
    for (const std::uint64_t n : h.counts) all += n;
    if (all == 0 || h.counts.empty()) return 0;
    // From both ends inwards, the farther one first.
    std::size_t first = 0, last = h.counts.size();
    double left = double(all) * (1 - covered) - double(h.below + h.above);
    const double width = h.binWidth();
    const auto lo = [&] { return h.lo + double(first) * width; };
    const auto hi = [&] { return h.lo + double(last) * width; };
    while (first < last) {
        const bool low = -lo() > hi();
        left -= double(low ? h.counts[first] : h.counts[last - 1]);
        if (left < 0) break;
        if (low) ++first;
        else --last;
    }
    return std::max(std::abs(lo()), std::abs(hi()));
}

double rmsEnd(const LayerReport& report, PatchWhat what) {
    if (what == PatchWhat::Difference) return nearlyLargest(report.map.rms);
    std::vector<float> channels;
    channels.reserve(report.channels.size());
    for (const ChannelRange& c : report.channels) channels.push_back(float(std::hypot(double(c.mean), double(c.deviation))));
    return nearlyLargest(std::move(channels)) * 1.5;  // parts of a channel spread around its own figure
}

ValueScale codeScale(const ValuePatch& patch) {
    const int bits = patch.spec ? patch.spec->bits : 8;
    const bool negative = std::any_of(patch.extreme.begin(), patch.extreme.end(), [](float v) { return v < 0; });
    if (negative) return {std::ldexp(1.0, std::max(bits - 1, 1)) - (bits > 1 ? 1 : 0), true};
    return {std::ldexp(1.0, bits) - 1, false};
}

}  // namespace

Rgba ValueScale::of(double value) const {
    const double unit = end > 0 ? value / end : 0;
    return diverging ? bitlathe::diverging(float(std::clamp(unit, -1.0, 1.0))) : magnitude(float(std::clamp(unit, 0.0, 1.0)));
}

ValueScale valueScale(const LayerReport& report, const ValuePatch& patch, CellFigure figure) {
    const PatchRequest& r = patch.request;
    if (r.what == PatchWhat::BitPlane) return {1, false};
    if (r.what == PatchWhat::Code) return codeScale(patch);
    const bool single = r.singleWeights();
    ValueScale scale;
    scale.diverging = single || figure != CellFigure::RootMeanSquare;
    if (!single && figure == CellFigure::RootMeanSquare) {
        scale.end = rmsEnd(report, r.what);
    } else if (!single && figure == CellFigure::Mean) {
        // The mean of n independent weights spreads as 1 / √n.
        scale.end = 3 * rmsEnd(report, r.what) / std::sqrt(double(r.channelsPerRow) * double(r.elementsPerColumn));
    } else {
        scale.end = reachOf(r.what == PatchWhat::Difference ? report.errors : report.weights);
    }
    if (!(scale.end > 0)) scale.end = nearlyLargest(patch.rms);
    if (!(scale.end > 0)) scale.end = 1;
    return scale;
}

const std::vector<float>& figuresOf(const ValuePatch& patch, CellFigure figure) {
    // Bits and codes have no sign that squares would lose: their mean is the share of ones, the middle code.
    const bool code = patch.request.what == PatchWhat::BitPlane || patch.request.what == PatchWhat::Code;
    if (patch.request.singleWeights() || code) return patch.mean;
    return figure == CellFigure::Mean ? patch.mean : figure == CellFigure::Extreme ? patch.extreme : patch.rms;
}

float litStrength(float share) { return share > 0 ? 0.35f + 0.65f * std::sqrt(std::min(share, 1.0f)) : 0.0f; }

void fillTexture(CanvasTexture& texture, const ValuePatch& patch, CellFigure figure, const ValueScale& scale, Rgba ground, Rgba broken) {
    constexpr int kSteps = 512;
    std::array<Rgba, kSteps> colors;
    for (int i = 0; i < kSteps; ++i) colors[std::size_t(i)] = scale.at(float(i) / float(kSteps - 1));
    texture.width = patch.columns;
    texture.height = patch.rows;
    texture.smooth = false;
    texture.pixels.resize(std::size_t(patch.columns) * std::size_t(patch.rows));
    const std::vector<float>& figures = figuresOf(patch, figure);
    constexpr float dimmest = 0.14f;  // of cells that are not lit: still to be seen where they are
    for (int row = 0; row < patch.rows; ++row) {
        std::uint32_t* out = texture.pixels.data() + std::size_t(patch.rows - 1 - row) * std::size_t(patch.columns);
        const std::size_t from = std::size_t(row) * std::size_t(patch.columns);
        for (std::size_t k = 0; k < std::size_t(patch.columns); ++k) {
            const double v = double(figures[from + k]) / scale.end;
            const double unit = scale.diverging ? v * 0.5 + 0.5 : v;
            Rgba color = v == v ? colors[std::size_t(std::clamp(unit, 0.0, 1.0) * (kSteps - 1) + 0.5)] : broken;
            if (!patch.lit.empty()) color = mix(ground, color, std::max(litStrength(patch.lit[from + k]), dimmest));
            out[k] = color.packed();
        }
    }
    ++texture.generation;
}

}  // namespace bitlathe
