#include "tests/core/formats/text_model.h"

#include "core/base/error.h"
#include "core/formats/onnx/onnx.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace bitlathe {

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bitlathe-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    m_path = name;
}
Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

std::string modelBytes(const std::string& text) {
    ::onnx::ModelProto proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
    return proto.SerializeAsString();
}

std::string graphText(const std::string& body, int opset) {
    return "ir_version: 8 opset_import { version: " + std::to_string(opset) + " } graph { name: 'g' " + body + " }";
}

void writeFile(const std::filesystem::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string readFile(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Model readText(const std::string& modelText) {
    const Folder folder;
    writeFile(folder.path() / "m.onnx", modelBytes(modelText));
    JobContext context;
    return onnx::read(folder.path() / "m.onnx", context);
}

std::string refusalOf(const std::string& modelText) {
    try {
        readText(modelText);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
        return error.message();
    }
    return {};
}

std::string describe(const Graph& graph) {
    std::ostringstream text;
    const auto value = [&](ValueId id) -> std::string {
        if (id == kNoValue) return "-";
        const Tensor* tensor = graph.constant(id);
        if (!tensor || tensor->count() > 4) return graph.value(id).name;
        std::ostringstream list;
        const Tensor floats = toFloat32(*tensor);
        list << (tensor->shape().rank() > 0 ? "[" : "");
        for (std::size_t i = 0; i < static_cast<std::size_t>(floats.count()); ++i) list << (i ? " " : "") << floats.as<float>()[i];
        list << (tensor->shape().rank() > 0 ? "]" : "");
        return list.str();
    };
    bool first = true;
    for (const Node& node : graph.nodes) {
        text << (first ? "" : "; ") << node.qualifiedOp() << "(";
        first = false;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) text << (i ? ", " : "") << value(node.inputs[i]);
        for (const auto& [key, attribute] : node.attributes) {
            text << (node.inputs.empty() ? "" : ", ") << key << "=";
            if (const auto* integer = std::get_if<std::int64_t>(&attribute)) text << *integer;
            else if (const auto* real = std::get_if<float>(&attribute)) text << *real;
            else if (const auto* word = std::get_if<std::string>(&attribute)) text << *word;
            else text << "…";
        }
        text << ") -> ";
        for (std::size_t i = 0; i < node.outputs.size(); ++i) text << (i ? ", " : "") << value(node.outputs[i]);
    }
    return text.str();
}

}  // namespace bitlathe
