// One weight and one channel by themselves: what a hand on a map or a plot asks about. Knows no windows.
#pragma once

#include "core/kernels/isa.h"
#include "core/metrics/value_patch.h"
#include "core/quant/quantized_tensor.h"
#include "core/workflow/weight_source.h"

#include <cstdint>

namespace bitlathe {

class JobContext;
class Workers;

// One weight, which must lie in the layout. parameters: of the whole weight where they are at hand; else the
// weight's own group is fitted, or the whole where groups depend on each other. spec null: in float.
WeightPoint weightPoint(const WeightSource& source, const QuantSpec* spec, const QuantizedTensor* parameters, std::int64_t channel, std::int64_t element,
                        Isa isa, Workers& workers, JobContext& job);

// A channel's own histogram over the axis of `layer`, the layer's.
ChannelView channelView(const WeightSource& source, std::int64_t channel, const Histogram& layer, JobContext& job);

}  // namespace bitlathe
