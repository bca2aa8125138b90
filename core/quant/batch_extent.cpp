#include "core/quant/batch_extent.h"

#include "core/base/parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

BatchExtent extentOfPiece(std::span<const float> x) noexcept {
    BatchExtent e{kLargest, -kLargest, kLargest, 0};
    std::int64_t finite = 0;
    for (const float v : x) {  // comparisons with NaN are false
        const bool ok = v >= -kLargest && v <= kLargest;
        const float low = ok ? v : kLargest, high = ok ? v : -kLargest, size = std::fabs(low);
        e.min = low < e.min ? low : e.min;
        e.max = high > e.max ? high : e.max;
        e.leastMagnitude = size < e.leastMagnitude ? size : e.leastMagnitude;
        finite += ok;
    }
    e.finite = finite;
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
