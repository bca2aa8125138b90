// After writing: the file is read again and compared with what was meant.
#pragma once

#include "core/base/job.h"
#include "core/model/model.h"

#include <filesystem>

namespace bitlathe::onnx {

// Throws Error(Output) naming the first difference.
void verifyWritten(const Model& meant, const std::filesystem::path& path, JobContext& context);

}  // namespace bitlathe::onnx
