// config.json of an export: the source's, with what the layout says of its weights. Private to this folder.
#pragma once

#include "core/formats/safetensors/weight_out.h"
#include "core/quant/qdq.h"

#include <span>
#include <string>

namespace bitlathe::safetensors {

struct ConfigOut {
    std::string config;          // of config.json; empty: none is written
    std::string quantizeConfig;  // of quantize_config.json, where the layout has one
};
ConfigOut configFor(Kind kind, const Model& source, std::span<const LayerOutcome> layers);

// model.safetensors.index.json. files: the file of each tensor, in order.
std::string indexText(const std::vector<std::pair<std::string, std::string>>& fileOfTensor, std::uint64_t totalBytes);

// The head of a file, length and padding included. offsets follow the order of the plans.
std::string headText(const std::vector<TensorPlan>& tensors, const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace bitlathe::safetensors
