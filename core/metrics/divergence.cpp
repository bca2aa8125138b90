#include "core/metrics/divergence.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace bitlathe {

double divergence(const Histogram& p, const Histogram& q) {
    assert(p.counts.size() == q.counts.size());
    const auto holds = [](std::uint64_t count) { return count > 0; };
    const auto first = std::find_if(p.counts.begin(), p.counts.end(), holds);
    if (first == p.counts.end()) return 0.0;
    const auto begin = static_cast<std::size_t>(first - p.counts.begin());
    const auto end = static_cast<std::size_t>(std::find_if(p.counts.rbegin(), p.counts.rend(), holds).base() - p.counts.begin());
    const std::size_t bins = end - begin, runs = std::min<std::size_t>(bins, kDivergenceBins);
    std::vector<double> inP(runs), inQ(runs);
    for (std::size_t i = 0; i < bins; ++i) {
        inP[i * runs / bins] += double(p.counts[begin + i]);
        inQ[i * runs / bins] += double(q.counts[begin + i]);
    }
    const double allP = std::accumulate(inP.begin(), inP.end(), 0.0);
    double allQ = double(q.below) + double(q.above);
    for (const std::uint64_t count : q.counts) allQ += double(count);
    double sum = 0;
    for (std::size_t r = 0; r < runs; ++r) {
        if (inP[r] == 0) continue;
        const double share = inP[r] / allP;
        const double other = (1 - kDivergenceSmoothing) * (allQ > 0 ? inQ[r] / allQ : 0.0) + kDivergenceSmoothing / double(runs);
        sum += share * std::log(share / other);
    }
    return std::max(sum, 0.0);
}

}  // namespace bitlathe
