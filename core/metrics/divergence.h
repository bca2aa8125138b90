// How far apart two histograms over one axis are: the Kullback–Leibler divergence. Knows no weights.
#pragma once

#include "core/quant/histogram.h"

namespace bitlathe {

constexpr int kDivergenceBins = 128;          // as TensorRT's and ONNX Runtime's entropy calibration count
constexpr double kDivergenceSmoothing = 1e-4;  // share of q spread evenly over the bins, so that empty ones stay finite

// KL(p ‖ q) = Σ p · ln(p / q) in nats, >= 0; 0 when both are equal or p is empty. The bins from p's first that holds
// something to its last are merged into kDivergenceBins runs (fewer bins: each is a run). p: counts over p's own
// sum. q: counts over all that q holds, bins and outside, so what moved out of p's range is missing; then
// q = (1 − s) · q + s / runs with s = kDivergenceSmoothing. p and q have equal axes and bins.
double divergence(const Histogram& p, const Histogram& q);

}  // namespace bitlathe
