// Parts of a graph as ONNX messages, and the little of the wire format that streaming needs.
#pragma once

#include "core/model/graph.h"

#include <cstdint>
#include <string>

namespace onnx {
class NodeProto;
class TensorProto;
class ValueInfoProto;
}

namespace bitlathe::onnx {

void toValueInfo(const Value& value, ::onnx::ValueInfoProto& proto);
void toNode(const Graph& graph, const Node& node, ::onnx::NodeProto& proto);
// Name, type and dimensions, without the bytes.
void toTensorHead(const std::string& name, const Tensor& tensor, ::onnx::TensorProto& proto);
void toExternal(const std::string& location, std::int64_t offset, std::int64_t length, ::onnx::TensorProto& proto);

std::string varint(std::uint64_t value);
// The tag of a length-delimited field; number < 16.
std::string fieldTag(int number);

}  // namespace bitlathe::onnx
