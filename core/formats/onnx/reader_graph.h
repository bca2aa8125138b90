// GraphProto → Graph: names become numbers, weights become tensors. Upgrading old operators is upgrade.h.
#pragma once

#include "core/base/job.h"
#include "core/formats/onnx/tensor_in.h"
#include "core/model/graph.h"

namespace onnx { class GraphProto; }

namespace bitlathe::onnx {

// Nodes come in the file's order. Throws Error(Input) for names without a producer, with two producers,
// and for everything that cannot be kept.
Graph readGraph(const ::onnx::GraphProto& proto, TensorSource& source, JobContext& context);

}  // namespace bitlathe::onnx
