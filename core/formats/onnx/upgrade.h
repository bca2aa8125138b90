// Brings operators of older operator sets to the meaning of opset 21 or later, so that nobody after the
// reader needs to know how old a file is. Knows no protobuf. Each change is named in the notes.
#pragma once

#include "core/model/graph.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bitlathe::onnx {

// The graph is sorted and stays so. Operators inside subgraphs are not touched. Throws Error(Input) where
// an old form cannot be expressed, for example because a rank is not known.
void upgrade(Graph& graph, std::int64_t opset, const std::string& fileName, std::vector<std::string>& notes);

}  // namespace bitlathe::onnx
