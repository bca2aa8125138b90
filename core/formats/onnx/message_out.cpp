#include "core/formats/onnx/message_out.h"

#include "core/formats/onnx/tensor_in.h"

#include <onnx/onnx_pb.h>

namespace bitlathe::onnx {

void toValueInfo(const Value& value, ::onnx::ValueInfoProto& proto) {
    proto.set_name(value.name);
    if (!value.type) return;
    auto* type = proto.mutable_type()->mutable_tensor_type();
    type->set_elem_type(dataTypeOf(*value.type));
    if (!value.shape) return;
    auto* shape = type->mutable_shape();
    for (const Dim& dim : *value.shape) {
        auto* row = shape->add_dim();
        if (dim.extent >= 0) row->set_dim_value(dim.extent);
        else if (!dim.symbol.empty()) row->set_dim_param(dim.symbol);
    }
}

void toTensorHead(const std::string& name, const Tensor& tensor, ::onnx::TensorProto& proto) {
    proto.set_name(name);
    proto.set_data_type(dataTypeOf(tensor.type()));
    for (const std::int64_t extent : tensor.shape()) proto.add_dims(extent);
}

void toExternal(const std::string& location, std::int64_t offset, std::int64_t length, ::onnx::TensorProto& proto) {
    proto.set_data_location(::onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair<const char*, std::string>{"location", location}, {"offset", std::to_string(offset)}, {"length", std::to_string(length)}}) {
        auto* row = proto.add_external_data();
        row->set_key(key);
        row->set_value(value);
    }
}

namespace {

// Sets the attribute's type and value; OpaqueAttribute replaces the whole message.
struct AttributeOut {
    ::onnx::AttributeProto& proto;
    void operator()(std::int64_t value) const { proto.set_type(::onnx::AttributeProto::INT), proto.set_i(value); }
    void operator()(float value) const { proto.set_type(::onnx::AttributeProto::FLOAT), proto.set_f(value); }
    void operator()(const std::string& value) const { proto.set_type(::onnx::AttributeProto::STRING), proto.set_s(value); }
    void operator()(const Tensor& value) const {
        proto.set_type(::onnx::AttributeProto::TENSOR);
        toTensorHead("", value, *proto.mutable_t());
        proto.mutable_t()->set_raw_data(value.bytes().data(), value.bytes().size());
    }
    void operator()(const std::vector<std::int64_t>& values) const {
        proto.set_type(::onnx::AttributeProto::INTS);
        for (const auto value : values) proto.add_ints(value);
    }
    void operator()(const std::vector<float>& values) const {
        proto.set_type(::onnx::AttributeProto::FLOATS);
        for (const auto value : values) proto.add_floats(value);
    }
    void operator()(const std::vector<std::string>& values) const {
        proto.set_type(::onnx::AttributeProto::STRINGS);
        for (const auto& value : values) proto.add_strings(value);
    }
    void operator()(const OpaqueAttribute& value) const { proto.ParseFromString(value.bytes); }
};

}  // namespace

void toNode(const Graph& graph, const Node& node, ::onnx::NodeProto& proto) {
    const auto nameOf = [&](ValueId id) { return id == kNoValue ? std::string() : graph.value(id).name; };
    for (const ValueId id : node.inputs) proto.add_input(nameOf(id));
    for (const ValueId id : node.outputs) proto.add_output(nameOf(id));
    proto.set_name(node.name);
    proto.set_op_type(node.op);
    if (!node.domain.empty() && node.domain != "ai.onnx") proto.set_domain(node.domain);
    for (const auto& [key, value] : node.attributes) {
        auto* attribute = proto.add_attribute();
        std::visit(AttributeOut{*attribute}, value);
        attribute->set_name(key);
    }
}

std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 128; value >>= 7) bytes += static_cast<char>((value & 127) | 128);
    bytes += static_cast<char>(value);
    return bytes;
}

std::string fieldTag(int number) { return std::string(1, static_cast<char>(number << 3 | 2)); }

}  // namespace bitlathe::onnx
