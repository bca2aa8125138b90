// One layer's codes as the constants and the DequantizeLinear that give its weight back, in the form that
// ONNX and its consumers want. Knows no activations.
#pragma once

#include "core/model/graph_edit.h"
#include "core/quant/quantized_tensor.h"

#include <string>
#include <vector>

namespace bitlathe {

struct WeightForm {
    bool integer = false;     // an integer operator reads it: 8-bit container, zero points written out
    bool transposed = false;  // a [N,K] matrix becomes [K,N]
    int channelAxis = 0;      // of the weight as stored
};

// Emits the nodes and returns the float weight's value: shape of the codes, or transposed. Codes of at most
// 4 bits go into int4/uint4, unless an integer operator reads them. A group form that no axis of the weight
// has is written channel by channel and brought back by Reshape and Transpose.
ValueId emitWeight(GraphEdit& edit, const std::string& name, const QuantizedTensor& weights, const WeightForm& form);

// The scale of output channel c.
inline float scaleOf(const QuantizedTensor& weights, std::int64_t channel) noexcept {
    return weights.scales[weights.scales.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
}

// For an integer operator: an int32 bias at scale inputScale · scale[c] must hold bias[c]. Where the scale of
// a channel is too small for that (a channel of almost nothing with a large bias), the channel is coded anew
// with a larger one. values: the float weight. Symmetric formats only; others are returned as they are.
QuantizedTensor withRoomForBias(QuantizedTensor weights, std::span<const float> values, std::span<const float> bias, float inputScale);

// bias as int32 codes at exactly inputScale · scale[c], with its DequantizeLinear; bias: one value per channel.
ValueId emitBias(GraphEdit& edit, const std::string& name, std::span<const float> bias, float inputScale, const QuantizedTensor& weights);

}  // namespace bitlathe
