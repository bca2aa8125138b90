// The GGUF file format of llama.cpp and ggml, versions 1 to 3: weights, and keys with values that say what network
// they belong to. A model read from it has no graph: it can be looked at, quantized and written, not run.
#pragma once

#include "core/base/job.h"
#include "core/formats/format.h"
#include "core/formats/weights_format.h"
#include "core/model/model.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>

namespace bitlathe::gguf {

// True when the bytes begin with the format's signature.
bool recognizes(std::span<const std::byte> head) noexcept;

// Reads the head alone; weights stay mapped and are decoded when somebody looks at them. Values of the graph are the
// tensors in the file's order. Throws Error(Input) for anything that is not a well-formed file with tensors in it.
Model read(const std::filesystem::path& path, JobContext& context);

// The head of a file that holds a vocabulary and no tensors, as a model without layers: for looking at it. Nothing for
// every other file.
std::optional<Model> vocabularyAlone(const std::filesystem::path& path, JobContext& context);

// Writes version 3 from a model that read() gave: keys are copied as they are, but for general.file_type and
// general.quantization_version, and those of WriteOptions, which are added or replaced. Tensors keep names and order.
extern const WeightsFormat kWeights;

// The same from a checkpoint with Hugging Face's names and a config.json beside it, of an architecture that
// core/language knows: names, order of rows, keys and vocabulary become GGUF's (convert.h).
extern const WeightsFormat kFromCheckpoint;
bool convertsToGguf(const Model& source);
// What stands against the conversion.
std::vector<Issue> checkConversion(const Model& source, const QuantizedModel& quantized);

// What llama.cpp would refuse or stop at, beside layers that did not get what was asked for.
std::vector<Issue> checkLlamaCpp(const Model& source, const QuantizedModel& quantized);

}  // namespace bitlathe::gguf
