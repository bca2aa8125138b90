// A half precision network in float32: consumers' integer operators know float32 scales only. Knows no schemes.
#pragma once

#include "core/model/graph.h"

#include <map>
#include <string>

namespace bitlathe {

// Weights and casts to float16 and bfloat16 become float32; inputs and outputs of the network keep their type
// and name behind a Cast. Returns the names of the new values that stand for inputs and outputs, each with the
// name of the value that it stands for. Does nothing to networks without half precision.
std::map<std::string, std::string> widenToFloat32(Graph& graph);

}  // namespace bitlathe
