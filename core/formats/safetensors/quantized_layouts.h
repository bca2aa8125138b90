// Weights that a checkpoint stores as codes, scales and zero points in tensors of their own: GPTQ, AWQ, and the
// pack-, int- and float-quantized forms of compressed-tensors. Which tensors belong together their names say; what
// lies in them, their shapes and the configuration. Private to this folder.
#pragma once

#include "core/formats/safetensors/checkpoint.h"
#include "core/formats/safetensors/quantization_config.h"
#include "core/tensor/packed_tensor.h"

#include <memory>
#include <string>
#include <vector>

namespace bitlathe::safetensors {

struct QuantizedWeight {
    std::string name;                  // "model.layers.0.mlp.up_proj.weight"
    std::string format;                // for people: "GPTQ, 4 bits, groups of 128"
    std::vector<std::size_t> tensors;  // of the checkpoint, which it is made from
    std::shared_ptr<const PackedTensor> weight;
};

// In the order of their first tensors. What does not fit together stays as single tensors, and `notes` says why.
std::vector<QuantizedWeight> quantizedWeights(const Checkpoint& checkpoint, const QuantizationConfig& config, std::vector<std::string>& notes);

}  // namespace bitlathe::safetensors
