// A quantized weight as a group in a Keras file: codes, scales, zero points, and how the file's array comes from them.
// The bytes are described in FORMAT.md beside this file. Knows no networks.
#pragma once

#include "core/formats/keras/weight_origin.h"
#include "core/hdf5/hdf5_node.h"
#include "core/model/layer.h"
#include "core/quant/quantized_tensor.h"

#include <cstdint>
#include <string>

namespace bitlathe::keras {

inline constexpr const char* kOwnGroup = "/bitlathe";        // which Keras never looks at
inline constexpr const char* kLayerGroup = "/bitlathe/layers";
inline constexpr std::int64_t kSchema = 1;
extern const char* const kOrder;  // how an array comes from its group, for people

// origin: of the constant that was quantized; origin.whole. layer: its name.
Hdf5Node codesNode(const QuantizedTensor& weights, const WeightOrigin& origin, const std::string& layer);

// The array of floats that the codes stand for, in the file's order: bit for bit what dequantize() and inFileOrder()
// give. Throws Error(Input) naming `source` for a group that is none.
Tensor decodedArray(const Hdf5Node& node, const std::string& source);

// Bytes of the group's arrays before they are packed by deflate.
std::int64_t codesBytes(const ChannelLayout& layout, const QuantSpec& spec) noexcept;

}  // namespace bitlathe::keras
