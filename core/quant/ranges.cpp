#include "core/quant/ranges.h"

#include "core/quant/codec.h"
#include "core/quant/least_error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace bitlathe {

namespace {

template <class... F>
struct Overloaded : F... { using F::operator()...; };

std::vector<float> finiteValues(std::span<const float> x) {
    std::vector<float> kept;
    kept.reserve(x.size());
    std::copy_if(x.begin(), x.end(), std::back_inserter(kept), [](float v) { return std::isfinite(v); });
    return kept;
}

ValueRange holdingZero(ValueRange range) noexcept { return {std::min(range.lo, 0.0f), std::max(range.hi, 0.0f)}; }

ValueRange percentile(std::span<const float> x, double percent, bool symmetric) {
    std::vector<float> values = finiteValues(x);
    if (values.empty()) return {};
    const auto cut = static_cast<std::size_t>(std::max(0.0, (100.0 - percent) / 100.0 * double(values.size()) + 1e-9));
    if (symmetric) {
        for (float& v : values) v = std::fabs(v);
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(cut, values.size() - 1));
        std::nth_element(values.begin(), at, values.end(), std::greater<>());
        return {-*at, *at};
    }
    const auto side = static_cast<std::ptrdiff_t>(std::min(cut / 2, (values.size() - 1) / 2));
    std::nth_element(values.begin(), values.begin() + side, values.end());
    const float lo = values[static_cast<std::size_t>(side)];
    std::nth_element(values.begin(), values.end() - 1 - side, values.end());
    return {lo, *(values.end() - 1 - side)};
}

// Few values in many bins say nothing, slowly: at least eight values for each bin, but enough bins to choose from.
std::size_t entropyBins(const Entropy& rule, std::size_t count) noexcept {
    const auto asked = static_cast<std::size_t>(rule.bins), least = std::min(asked, 2 * static_cast<std::size_t>(rule.quantizedBins));
    return std::clamp(count / 8 / 2 * 2, least, asked);
}

}  // namespace

ValueRange finiteRange(std::span<const float> x) noexcept {
    constexpr float kLargest = std::numeric_limits<float>::max();
    constexpr std::size_t kLanes = 16;
    float los[kLanes], his[kLanes];
    std::fill_n(los, kLanes, kLargest);
    std::fill_n(his, kLanes, -kLargest);
    const auto one = [&](float v, std::size_t lane) {
        const bool finite = v - v == 0.0f;
        const float low = finite ? v : kLargest, high = finite ? v : -kLargest;
        los[lane] = low < los[lane] ? low : los[lane];
        his[lane] = high > his[lane] ? high : his[lane];
    };
    const std::size_t whole = x.size() / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) one(x[i + lane], lane);
    for (std::size_t i = whole; i < x.size(); ++i) one(x[i], i - whole);
    const float lo = *std::min_element(los, los + kLanes), hi = *std::max_element(his, his + kLanes);
    return lo <= hi ? ValueRange{lo, hi} : ValueRange{};
}

ValueRange weightRange(std::span<const float> x, const QuantSpec& spec) {
    if (!codecOf(spec).takesRange) return holdingZero(finiteRange(x));
    return holdingZero(std::visit(
        Overloaded{
            [&](const MinMax&) { return finiteRange(x); },
            [&](const MovingAverage&) { return finiteRange(x); },
            [&](const Percentile& rule) { return percentile(x, rule.percent, spec.symmetric); },
            [&](const LeastError& rule) { return leastErrorRange(x, spec, rule.norm); },
            [&](const Entropy& rule) {
                const ValueRange seen = finiteRange(x);
                const double limit = std::max(std::fabs(double(seen.lo)), std::fabs(double(seen.hi)));
                Histogram histogram{-limit, limit, std::vector<std::uint64_t>(entropyBins(rule, x.size())), 0, 0};
                if (limit == 0) return seen;
                addTo(histogram, x);
                return entropyRange(histogram, rule.quantizedBins, seen);
            },
            [&](const Manual& rule) { return ValueRange{float(rule.lo), float(rule.hi)}; },
        },
        spec.range));
}

}  // namespace bitlathe
