// Tables of levels made from the values themselves: least squared error (k-means, the true optimum in one
// dimension) and equal probability. Knows no codes.
#pragma once

#include "core/quant/weighted_points.h"

#include <stop_token>
#include <vector>

namespace bitlathe {

// At most k ascending levels with the least Σ weight · (value − nearest level)², by dynamic programming over
// the points in O(k n log n): the best split of a prefix moves right with the prefix (divide and conquer;
// Grønlund et al. 2017, Wang and Song 2011). Exact for the points given. Memory: k · n · 4 bytes.
// stop: looked at every few thousand steps; once it is set the levels are any.
std::vector<float> leastSquaresLevels(const WeightedPoints& points, int k, const std::stop_token* stop = nullptr);

// At most k ascending levels: the mean of each of k parts that hold equal weight.
std::vector<float> equalProbabilityLevels(const WeightedPoints& points, int k);

}  // namespace bitlathe
