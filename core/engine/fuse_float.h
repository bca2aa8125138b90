// Joins convolutions with the activation behind them, so that the activation costs no pass over memory. The
// bits of every remaining value stay.
#pragma once

namespace bitlathe {

struct Graph;

// Conv + Relu, LeakyRelu or Clip with constant bounds → FusedConv, where nobody else reads the convolution's
// result. The joined node has the convolution's name. Rewrites in place.
void fuseFloat(Graph& graph);

}  // namespace bitlathe
