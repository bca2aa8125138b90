// Keeps images of codes in NHWC between integer operators: the kernels want channels adjacent, and turning
// every image twice per convolution costs more than a small convolution. Changes no value, only where its
// elements lie; values in the new layout have names of their own.
#pragma once

namespace bitlathe {

struct Graph;

// After fuseInteger(). Rewrites in place.
void keepChannelsLast(Graph& graph);

}  // namespace bitlathe
