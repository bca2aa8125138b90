// Small ONNX files for tests, written as text in protobuf's own notation.
#pragma once

#include "core/model/model.h"

#include <filesystem>
#include <string>

namespace bitlathe {

// A folder of its own that is removed at the end.
class Folder {
public:
    Folder();
    ~Folder();
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

// The serialized ModelProto; fails the test when the text is none.
std::string modelBytes(const std::string& text);
// "ir_version: 8 opset_import { version: 17 } graph { name: 'g' … }" around the graph's body.
std::string graphText(const std::string& body, int opset = 17);

void writeFile(const std::filesystem::path& path, const std::string& bytes);
std::string readFile(const std::filesystem::path& path);

// Writes, reads as ONNX, removes.
Model readText(const std::string& modelText);
// The refusal; empty when the text was read.
std::string refusalOf(const std::string& modelText);

// "Conv(x, w) -> y; Relu(y) -> z": the nodes in order, with constants as their values where they are short.
std::string describe(const Graph& graph);

}  // namespace bitlathe
