// One tensor's data for a file, piece by piece: copied, widened, narrowed or quantized on the way. Private to this
// folder.
#pragma once

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/model/graph.h"
#include "core/quant/ggml_types.h"
#include "core/quant/gguf_rows.h"

#include <cstdint>
#include <functional>
#include <span>

namespace bitlathe {
class MappedFile;
}

namespace bitlathe::gguf {

struct TensorTask {
    const Value& value;                  // the weight as the source has it
    const GgmlType& from;                // of packed weights: f32
    const GgmlType& to;                  // `from` itself: bytes are copied
    std::span<const float> importance;   // empty, or of the columns of one matrix or of all
    const MappedFile* file = nullptr;    // whose pages are released once they were read
    Isa isa = Isa::Reference;
};

// Hands the bytes of the file to `write` in order. Returns how many values are NaN or infinite; of copied tensors
// 0: they are not looked at. Holds a few megabytes. The same bytes for every number of threads and every isa.
std::int64_t writeTensor(const TensorTask& task, Workers& workers, JobContext& job, const std::function<void(std::span<const std::byte>)>& write);

}  // namespace bitlathe::gguf
