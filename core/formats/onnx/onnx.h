// The ONNX file format (https://onnx.ai; onnx.proto): opset 7 to 25, IR 3 to 12. Older operator sets
// are brought to the meaning of opset 21 or later while reading.
#pragma once

#include "core/base/job.h"
#include "core/formats/format.h"
#include "core/model/model.h"

#include <cstddef>
#include <filesystem>
#include <span>

namespace bitlathe::onnx {

inline constexpr std::int64_t kNewestOpset = 25;

// True when the bytes are the beginning of a ModelProto. ONNX has no signature: the fields must make sense.
bool recognizes(std::span<const std::byte> head) noexcept;

// Weights that lie aligned in the file, or in an external data file, stay mapped; others are copied once.
// Throws Error(Input) for anything that is not a well-formed network.
Model read(const std::filesystem::path& path, JobContext& context);

// Opset 21 or the source's, whichever is later. The same graph gives the same bytes. The file is written
// beside the path, read again, compared and then renamed; weights beyond 2 GB go to "NAME.data" beside it.
// Throws Error(Output), and Error(Usage) when the path is the source's.
void write(const Model& model, const std::filesystem::path& path, const WriteOptions& options, JobContext& context);

}  // namespace bitlathe::onnx
