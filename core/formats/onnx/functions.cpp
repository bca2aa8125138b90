#include "core/formats/onnx/functions.h"

#include "core/base/error.h"

#include <onnx/onnx_pb.h>

#include <map>
#include <unordered_map>

namespace bitlathe::onnx {

namespace {

constexpr int kMostNodes = 500'000;  // a few calls that call each other could ask for more than any memory holds
constexpr int kMostDepth = 32;
constexpr int kAttributeDefaultsField = 11;  // FunctionProto.attribute_proto, younger than Debian's schema

using Name = std::pair<std::string, std::string>;  // domain, function

class Inliner {
public:
    Inliner(const ::onnx::ModelProto& model, const std::string& fileName) : m_fileName(fileName) {
        std::map<std::string, std::int64_t> opsets;
        for (const auto& opset : model.opset_import()) opsets[opset.domain()] = opset.version();
        for (const auto& function : model.functions()) {
            if (!m_functions.emplace(Name{function.domain(), function.name()}, &function).second)
                refuse(function.name(), "exists in several versions (overloads), which cannot be read; export the model with its functions inlined");
            for (const auto& opset : function.opset_import())
                if (const auto own = opsets.find(opset.domain()); own != opsets.end() && own->second != opset.version())
                    refuse(function.name(), "uses another operator set than the model, which cannot be read; export the model with its functions inlined");
        }
    }

    void expand(const ::onnx::NodeProto& node, ::google::protobuf::RepeatedPtrField<::onnx::NodeProto>& out, int depth) {
        if (out.size() >= kMostNodes || depth > kMostDepth)
            refuse(node.op_type(), "calls itself or grows beyond every measure; export the model with its functions inlined");
        const auto found = m_functions.find({node.domain(), node.op_type()});
        if (found == m_functions.end()) {
            *out.Add() = node;
            return;
        }
        const ::onnx::FunctionProto& function = *found->second;
        const std::string prefix = (node.name().empty() ? function.name() : node.name()) + "/" + std::to_string(m_calls++) + "/";
        std::unordered_map<std::string, std::string> names{{"", ""}};
        for (int i = 0; i < function.input_size(); ++i) names[function.input(i)] = i < node.input_size() ? node.input(i) : "";
        if (node.input_size() > function.input_size()) refuse(function.name(), "is called with more inputs than it has; export the model again");
        for (int i = 0; i < function.output_size(); ++i)
            if (i < node.output_size() && !node.output(i).empty()) names[function.output(i)] = node.output(i);
        const auto renamed = [&](const std::string& name) { return names.try_emplace(name, prefix + name).first->second; };
        for (const auto& inner : function.node()) {
            ::onnx::NodeProto copy = inner;
            copy.set_name(prefix + (inner.name().empty() ? inner.op_type() : inner.name()));
            for (auto& name : *copy.mutable_input()) name = renamed(name);
            for (auto& name : *copy.mutable_output()) name = renamed(name);
            copy.clear_attribute();
            for (const auto& attribute : inner.attribute()) bind(attribute, function, node, copy);
            expand(copy, out, depth + 1);
        }
        // A function may hand an input straight through.
        for (int i = 0; i < function.output_size() && i < node.output_size(); ++i)
            for (const auto& input : function.input())
                if (input == function.output(i)) refuse(function.name(), "returns its own input, which cannot be read; export the model with its functions inlined");
    }

private:
    // Adds the attribute to the inlined node; one that refers to the call's attributes takes that value.
    void bind(const ::onnx::AttributeProto& attribute, const ::onnx::FunctionProto& function, const ::onnx::NodeProto& call, ::onnx::NodeProto& to) {
        if (attribute.has_g() || attribute.graphs_size() > 0)
            refuse(function.name(), "holds control flow, which cannot be inlined; export the model with its functions inlined");
        if (attribute.ref_attr_name().empty()) {
            *to.add_attribute() = attribute;
            return;
        }
        for (const auto& given : call.attribute())
            if (given.name() == attribute.ref_attr_name()) {
                add(given, attribute.name(), to);
                return;
            }
        const auto& unknown = function.unknown_fields();
        for (int i = 0; i < unknown.field_count(); ++i) {
            const auto& field = unknown.field(i);
            if (field.number() != kAttributeDefaultsField || field.type() != ::google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) continue;
            ::onnx::AttributeProto standard;
            if (!standard.ParseFromString(field.length_delimited()) || standard.name() != attribute.ref_attr_name()) continue;
            if (standard.has_t()) refuse(function.name(), "has a tensor as an attribute's default, which cannot be read; export the model with its functions inlined");
            add(standard, attribute.name(), to);
            return;
        }
    }
    static void add(const ::onnx::AttributeProto& value, const std::string& name, ::onnx::NodeProto& to) {
        auto* attribute = to.add_attribute();
        *attribute = value;
        attribute->set_name(name);
    }
    [[noreturn]] void refuse(const std::string& function, const char* why) const {
        refuseInput("'" + m_fileName + "': function '" + function + "' " + why);
    }

    const std::string& m_fileName;
    std::map<Name, const ::onnx::FunctionProto*> m_functions;
    int m_calls = 0;
};

}  // namespace

void inlineFunctions(::onnx::ModelProto& model, const std::string& fileName, std::vector<std::string>& notes) {
    if (model.functions_size() == 0) return;
    Inliner inliner(model, fileName);
    ::google::protobuf::RepeatedPtrField<::onnx::NodeProto> nodes;
    for (const auto& node : model.graph().node()) inliner.expand(node, nodes, 0);
    *model.mutable_graph()->mutable_node() = std::move(nodes);
    notes.push_back(std::to_string(model.functions_size()) + " local functions were inlined");
    model.clear_functions();
}

}  // namespace bitlathe::onnx
