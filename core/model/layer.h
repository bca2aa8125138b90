// A layer is a weight tensor and the operator that reads it: what a person tunes. Knows no schemes.
#pragma once

#include "core/model/graph.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

enum class LayerKind { Conv, ConvTranspose, Linear, Embedding, Recurrent, Norm, Other };
std::string_view nameOf(LayerKind kind) noexcept;  // "Conv", "ConvTranspose", "Linear", …

// A weight seen as outer × channels × inner, row-major: channel c owns outer · inner elements, in that
// order. Conv [O,I,h,w] is 1 × O × I·h·w; MatMul [K,N] is K × N × 1; ConvTranspose [I,O,h,w] is I × O × h·w;
// LSTM [D,4H,I] is 1 × D·4H × I. Groups run along a channel's elements.
struct ChannelLayout {
    std::int64_t outer = 1, channels = 1, inner = 1;
    std::int64_t perChannel() const noexcept { return outer * inner; }
    bool operator==(const ChannelLayout&) const = default;
};

struct Layer {
    std::string name;  // unique: the node's path with the operator's name dropped, or the weight's name
    LayerKind kind = LayerKind::Other;
    std::string op;             // "Conv", "Gemm", …
    NodeId node = -1;           // the first reader; -1 where the model is weights only
    int weightInput = 1;        // which of its inputs the weight is
    ValueId weight = kNoValue;  // a constant, a weight in blocks or packed, or the output of a DequantizeLinear over a constant
    ValueId bias = kNoValue;    // a constant, or none
    Shape shape;                // the weight's
    ChannelLayout layout;
    int channelAxis = -1;    // the axis of output channels in the weight's shape (ONNX `axis`)
    int reductionAxis = -1;  // the axis summed over, where it is one axis; -1 otherwise (Conv: 1)
    std::int64_t parameters = 0;  // of weight and bias
    std::int64_t bytes = 0;       // in the source file, of weight and bias
    bool quantizable = false;     // a float matrix or filter; norms, biases and integer weights are not
    std::string storedAs;         // "float32", "float16", "int8 (already quantized)" …
    std::string note;             // why it is not quantizable, NaN or Inf found, shared with …; for people
};

// All layers, in the order of the graph: every node that reads a constant weight, and the normalisations.
// A weight that several nodes read is one layer. Where the graph is weights only, every tensor is a layer, in the
// order of the values: its rows (all axes but the last) are the channels. Does not look at the values.
std::vector<Layer> findLayers(const Graph& graph);

// The weight's values as float32 in the tensor's own order; for an already quantized weight the
// dequantized values.
Tensor weightOf(const Graph& graph, const Layer& layer);

// values (the weight's own order) as channels × perChannel, row-major, and back.
void toChannelMajor(const ChannelLayout& layout, std::span<const float> values, std::span<float> out) noexcept;
void fromChannelMajor(const ChannelLayout& layout, std::span<const float> values, std::span<float> out) noexcept;

}  // namespace bitlathe
