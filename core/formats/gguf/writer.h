// Writing with keys that stand in no file. Private to this folder.
#pragma once

#include "core/formats/gguf/container.h"
#include "core/formats/weights_format.h"

namespace bitlathe::gguf {

// As kWeights.write; head.tensors and the values of the source's graph belong together, one for one. The type of a
// tensor that no layer changes is the head's; of packed weights any plain float type.
WeightsWritten writeWith(const Container& head, const WeightsRequest& request, const std::filesystem::path& path, const WriteOptions& options, Workers& workers, JobContext& job);

}  // namespace bitlathe::gguf
