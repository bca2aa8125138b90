#include "widgets/plots/value_map_state.h"

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// Cells come in powers of two, so that zooming asks for others only now and then.
std::int64_t weightsPerCell(double weights, double pixels) {
    std::int64_t per = 1;
    while (double(per) * pixels < weights && per < (std::int64_t{1} << 40)) per *= 2;
    return per;
}

struct Visible {
    std::int64_t first = 0, count = 0;
};

Visible visible(double lo, double hi, std::int64_t per, std::int64_t all) {
    const double end = double(all);
    if (!(lo < end && hi > 0)) return {};
    const auto from = std::int64_t(std::clamp(std::floor(lo), 0.0, end)) / per * per;
    const auto to = std::min((std::int64_t(std::clamp(std::ceil(hi), 0.0, end)) + per - 1) / per * per, all);
    return {from, std::max<std::int64_t>(to - from, 0)};
}

}  // namespace

PatchRequest requestFor(double xLo, double xHi, double yLo, double yHi, double width, double height, std::int64_t channels, std::int64_t perChannel) {
    PatchRequest r;
    r.elementsPerColumn = weightsPerCell(xHi - xLo, std::max(width, 1.0));
    r.channelsPerRow = weightsPerCell(yHi - yLo, std::max(height, 1.0));
    const Visible x = visible(xLo, xHi, r.elementsPerColumn, perChannel), y = visible(yLo, yHi, r.channelsPerRow, channels);
    r.element = x.first;
    r.elements = x.count;
    r.channel = y.first;
    r.channels = y.count;
    return r;
}

bool serves(const PatchRequest& asked, const PatchRequest& visible) {
    PatchRequest same = asked;
    same.channel = visible.channel;
    same.channels = visible.channels;
    same.element = visible.element;
    same.elements = visible.elements;
    return same == visible && asked.channel <= visible.channel && asked.element <= visible.element && asked.channel + asked.channels >= visible.channel + visible.channels &&
           asked.element + asked.elements >= visible.element + visible.elements;
}

}  // namespace bitlathe
