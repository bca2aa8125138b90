// Asking a transfer curve: x̂ and the error at a point and over an interval, as a plot needs them for each
// column of pixels. Knows no drawing.
#pragma once

#include <optional>

#include "core/metrics/layer_report.h"
#include "widgets/plots/plot_frame.h"

namespace bitlathe {

class TransferSteps {
public:
    // The curve has points and levels, and must outlive this.
    explicit TransferSteps(const TransferCurve& curve);

    // Beyond the curve's ends x̂ stays what it is there.
    double outAt(double x) const;
    Extent outOver(double lo, double hi) const;
    // x − x̂ over lo … hi. Where the curve is sampled: as far as half the way to the neighbouring levels.
    Extent errorOver(double lo, double hi) const;
    // The largest |x − x̂| over the part of `shown` between the outermost levels; over all of it where there is none.
    double largestError(Extent shown) const;
    // The numbers that become the same x̂ as x; none where the curve is sampled.
    std::optional<Extent> stepAt(double x) const;
    Extent reach() const { return {double(m_curve.in.front()), double(m_curve.in.back())}; }

private:
    std::size_t cornerBelow(double x) const;  // the last corner that is not above x; 0 when there is none

    const TransferCurve& m_curve;
    bool m_bent = false;  // sampled, and a soft clip bends it: values lie between its points
};

}  // namespace bitlathe
