// A safetensors model as a folder: weights in files of at most 5 GB, an index where they are several, config.json
// with quantization_config, and the source's other files as they are. Private to this folder.
#pragma once

#include "core/formats/safetensors/weight_out.h"
#include "core/formats/weights_format.h"

namespace bitlathe::safetensors {

// As WeightsFormat::bytes and ::write; path names the folder. The folder appears whole or not at all: one that is there
// is replaced only when it holds nothing but such an export. Throws Error(Output).
std::int64_t bytesInFile(Kind kind, const Layer& layer, const std::optional<QuantSpec>& spec);
WeightsWritten write(Kind kind, const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job);

// The scheme with the scales that the layout has.
QuantSpec storedSpec(Kind kind, const Model& source, const Layer& layer, QuantSpec spec);

}  // namespace bitlathe::safetensors
