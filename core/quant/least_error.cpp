#include "core/quant/least_error.h"

#include "core/quant/range_trial.h"

namespace bitlathe {

namespace {
constexpr double kStep = 0.02;   // of the full range
constexpr int kFactors = 40;     // 1, 0.98 … 0.22
constexpr int kFine = 4;         // steps of kStep / 5 to each side of the best
constexpr double kFineStep = kStep / 5;
}  // namespace

ValueRange leastErrorRange(const RangePoints& points, const QuantSpec& spec, double norm, Isa isa) {
    const ValueRange full = points.full;
    if (full.lo == full.hi || points.values.empty()) return full;
    RangeTrial trial(points, spec, isa);
    const auto scaled = [&](double low, double high) { return ValueRange{float(double(full.lo) * low), float(double(full.hi) * high)}; };
    double low = 1, high = 1;  // factors of the two ends
    double least = trial.error(full, norm);
    const auto attempt = [&](double l, double h) {
        const double e = trial.error(scaled(l, h), norm);
        if (e < least) least = e, low = l, high = h;
    };
    for (int i = 1; i < kFactors; ++i) attempt(1 - i * kStep, 1 - i * kStep);
    const double around = low;
    for (int i = -kFine; i <= kFine; ++i)
        if (i != 0) attempt(around + i * kFineStep, around + i * kFineStep);
    if (!spec.symmetric && full.lo < 0 && full.hi > 0) {
        const double l = low;
        for (int i = -kFine; i <= kFine; ++i) attempt(l + i * kStep, high);
        const double h = high;
        for (int i = -kFine; i <= kFine; ++i) attempt(low, h + i * kStep);
    }
    return scaled(low, high);
}

}  // namespace bitlathe
