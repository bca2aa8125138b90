// Keras's HDF5 files: whole models of Keras 1, 2 and 3 (`model_config` and `model_weights`), Sequential and
// Functional, and files of weights alone. https://keras.io; the layout is that of keras/src/legacy/saving.
#pragma once

#include "core/base/job.h"
#include "core/formats/keras/weight_origin.h"
#include "core/formats/weights_format.h"
#include "core/model/model.h"
#include "core/quant/recipe.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace bitlathe::keras {

// True for HDF5: whether a network is in it, reading tells.
bool recognizes(std::span<const std::byte> head) noexcept;

// The network as operators, with inputs and outputs in Keras's order of axes (channels last). Layers that cannot be
// expressed become nodes of domain "keras": shown, not run. Throws Error(Input) for anything that is no sound file.
Model read(const std::filesystem::path& path, JobContext& context);

// The same, and where each constant came from.
Model read(const std::filesystem::path& path, JobContext& context, std::vector<WeightOrigin>& origins);

// The source file with other weights: floats that the codes stand for, and the codes beside them (FORMAT.md); or the codes alone.
// Both for models of Keras files.
extern const WeightsFormat kFloats, kCodes;

// What a person should know before such an export.
std::vector<Issue> checkFloats(const Model& source, const QuantizedModel& quantized);
std::vector<Issue> checkCodes(const Model& source, const QuantizedModel& quantized);

}  // namespace bitlathe::keras
