// What consumers of safetensors files take: one layout each, with its rules (reference: transformers, vLLM, AutoGPTQ,
// compressed-tensors). All are folders: weights in files of at most 5 GB with an index, config.json with
// quantization_config, and the files beside the source as they are.
#pragma once

#include "core/formats/weights_format.h"
#include "core/quant/recipe.h"

#include <string_view>
#include <vector>

namespace bitlathe::safetensors {

struct Layout {
    std::string_view name, label, about;  // of the target
    const WeightsFormat* weights = nullptr;
    std::vector<Issue> (*check)(const Model& source, const QuantizedModel& quantized) = nullptr;
};

extern const Layout kPlain;   // dequantized floats
extern const Layout kGptq;    // GPTQ's words, version 1 for symmetric weights and 2 for others
extern const Layout kAwq;     // AWQ's GEMM words
extern const Layout kPacked;  // compressed-tensors, pack-quantized
extern const Layout kInt8;    // compressed-tensors, int-quantized
extern const Layout kFloat8;  // compressed-tensors, float-quantized

}  // namespace bitlathe::safetensors
