// Model-local functions (ModelProto.functions): each call is replaced by the function's nodes.
#pragma once

#include <string>
#include <vector>

namespace onnx { class ModelProto; }

namespace bitlathe::onnx {

// Inlines every call in the main graph, calls inside functions included. Throws Error(Input) for
// recursion, overloads, and functions with control flow or with an operator set of their own.
void inlineFunctions(::onnx::ModelProto& model, const std::string& fileName, std::vector<std::string>& notes);

}  // namespace bitlathe::onnx
