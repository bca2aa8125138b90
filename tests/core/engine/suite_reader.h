// Reads the ONNX backend suite's tensor files.
#pragma once

#include "core/tensor/tensor.h"

#include <filesystem>
#include <optional>

namespace bitlathe {

// A TensorProto; nothing where the file holds another kind of value (a sequence, strings …).
std::optional<Tensor> readSuiteTensor(const std::filesystem::path& path);

}  // namespace bitlathe
