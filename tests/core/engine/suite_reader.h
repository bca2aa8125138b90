// Reads the ONNX backend suite's models and tensors as they are: no checks, no upgrades.
#pragma once

#include "core/model/model.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace bitlathe {

// Throws Error(Input) when the file does not parse, or holds what a Graph cannot (subgraphs are kept opaque).
std::shared_ptr<const Model> readSuiteModel(const std::filesystem::path& path);

// A TensorProto; nothing where the file holds another kind of value (a sequence, strings …).
std::optional<Tensor> readSuiteTensor(const std::filesystem::path& path);

}  // namespace bitlathe
