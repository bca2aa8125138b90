#include "core/quant/batch_extent.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

constexpr std::size_t kLanes = 16;

BatchExtent extentOfPiece(std::span<const float> x) noexcept {
    float min[kLanes], max[kLanes], least[kLanes];
    std::int32_t finite[kLanes] = {};
    std::fill_n(min, kLanes, kLargest);
    std::fill_n(max, kLanes, -kLargest);
    std::fill_n(least, kLanes, kLargest);
    const auto one = [&](float v, std::size_t lane) {
        const bool ok = v - v == 0.0f;
        const float low = ok ? v : kLargest, high = ok ? v : -kLargest, size = std::fabs(low);
        min[lane] = low < min[lane] ? low : min[lane];
        max[lane] = high > max[lane] ? high : max[lane];
        least[lane] = size < least[lane] ? size : least[lane];
        finite[lane] += ok;
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(x[i + lane], lane);
    for (std::size_t i = whole; i < x.size(); ++i) one(x[i], i - whole);
    BatchExtent e{kLargest, -kLargest, kLargest, 0};
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        e = {std::min(e.min, min[lane]), std::max(e.max, max[lane]), std::min(e.leastMagnitude, least[lane]), e.finite + finite[lane]};
    return e;
}

}  // namespace

BatchExtent extentOf(std::span<const float> batch, Workers& workers) {
    constexpr std::int64_t kGrain = 1 << 16;
    const auto count = static_cast<std::int64_t>(batch.size());
    std::vector<BatchExtent> parts(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
    workers.forRange(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
        parts[static_cast<std::size_t>(begin / kGrain)] =
            extentOfPiece(batch.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    });
    BatchExtent all{kLargest, -kLargest, kLargest, 0};
    for (const BatchExtent& part : parts) {
        if (part.finite == 0) continue;
        all = {std::min(all.min, part.min), std::max(all.max, part.max), std::min(all.leastMagnitude, part.leastMagnitude), all.finite + part.finite};
    }
    return all.finite > 0 ? all : BatchExtent{};
}

}  // namespace bitlathe
