#include "widgets/plots/transfer_steps.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/weight_axis.h"

namespace bitlathe {

TransferSteps::TransferSteps(const TransferCurve& curve) : m_curve(curve) {
    for (std::size_t i = 0; curve.sampled && !m_bent && i < curve.in.size(); ++i)
        m_bent = curve.in[i] > curve.levels.front() && curve.in[i] < curve.levels.back() && curve.out[i] != curve.levels[nearestLevel(curve.levels, double(curve.in[i]))] &&
                 std::abs(curve.in[i] - curve.out[i]) > 1.5f * (curve.levels.back() - curve.levels[curve.levels.size() - 2]);
}

std::size_t TransferSteps::cornerBelow(double x) const {
    const auto after = std::upper_bound(m_curve.in.begin(), m_curve.in.end(), x, [](double a, float b) { return a < double(b); });
    return after == m_curve.in.begin() ? 0 : std::size_t(after - m_curve.in.begin()) - 1;
}

double TransferSteps::outAt(double x) const {
    if (!m_curve.sampled || x <= reach().lo || x >= reach().hi) return double(m_curve.out[cornerBelow(x)]);
    if (!m_bent) return double(m_curve.levels[nearestLevel(m_curve.levels, x)]);
    const std::size_t i = std::min(cornerBelow(x), m_curve.in.size() - 2);
    const double a = double(m_curve.in[i]), b = double(m_curve.in[i + 1]);
    return double(m_curve.out[i]) + (double(m_curve.out[i + 1]) - double(m_curve.out[i])) * (b > a ? (x - a) / (b - a) : 0);
}

Extent TransferSteps::outOver(double lo, double hi) const { return {outAt(lo), outAt(hi)}; }

Extent TransferSteps::errorOver(double lo, double hi) const {
    if (m_curve.sampled && !m_bent) {
        const std::vector<float>& levels = m_curve.levels;
        if (lo > double(levels.back()) || hi < double(levels.front())) return {lo - outAt(lo), hi - outAt(hi)};
        const std::size_t at = std::clamp<std::size_t>(nearestLevel(levels, (lo + hi) / 2), 1, levels.size() - 1);
        const double half = (double(levels[at]) - double(levels[at - 1])) / 2;
        if (hi - lo > half) return {-half, half};
    }
    const auto error = [&](double x) { return x - outAt(x); };
    Extent e{std::min(error(lo), error(hi)), std::max(error(lo), error(hi))};
    for (std::size_t i = cornerBelow(lo) + 1; !m_curve.sampled && i < m_curve.in.size() && double(m_curve.in[i]) <= hi; ++i) {
        const double here = double(m_curve.in[i]) - double(m_curve.out[i]);
        if (double(m_curve.in[i]) < lo) continue;
        e = {std::min(e.lo, here), std::max(e.hi, here)};
    }
    return e;
}

double TransferSteps::largestError(Extent shown) const {
    const Extent inside{std::max(shown.lo, double(m_curve.levels.front())), std::min(shown.hi, double(m_curve.levels.back()))};
    const Extent e = inside.lo < inside.hi ? errorOver(inside.lo, inside.hi) : errorOver(shown.lo, shown.hi);
    return std::max(std::abs(e.lo), std::abs(e.hi));
}

std::optional<Extent> TransferSteps::stepAt(double x) const {
    if (m_curve.sampled) return std::nullopt;
    const std::size_t at = cornerBelow(x);
    std::size_t first = at, last = at;
    while (first > 0 && m_curve.out[first - 1] == m_curve.out[at]) --first;
    while (last + 1 < m_curve.out.size() && m_curve.out[last + 1] == m_curve.out[at]) ++last;
    return Extent{double(m_curve.in[first]), double(m_curve.in[last])};
}

}  // namespace bitlathe
