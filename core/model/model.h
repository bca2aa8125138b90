// A network as a file gave it: its graph, where it came from, and its layers. Immutable once read;
// shared between threads as shared_ptr<const Model>.
#pragma once

#include "core/model/graph.h"
#include "core/model/layer.h"

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bitlathe {

class MappedFile;

struct Model {
    std::string name;              // the file's stem, or what the file calls itself
    std::string format;            // the reader's name: "onnx"
    std::filesystem::path source;  // empty when it was made in memory
    std::shared_ptr<const MappedFile> file;  // the source, where weights point into it and a pass over them should release its pages
    std::vector<std::shared_ptr<const MappedFile>> shards;  // further files that weights point into
    std::vector<std::filesystem::path> weightFiles;  // beside the source, where it keeps weights outside
    std::string sha256;            // of the source's bytes; empty when it was made in memory
    std::string producer;          // "pytorch 2.1", as the file says
    std::map<std::string, std::int64_t> opsets;  // domain → version as the file says; "" is ai.onnx
    std::vector<std::pair<std::string, std::string>> metadata;  // the file's own keys and values, in order
    std::vector<std::string> notes;                              // what the reader changed or found odd, for people
    Graph graph;
    std::vector<Layer> layers;  // findLayers(graph)
};

// These bytes of the model's files were read and will not be needed soon: their pages leave memory (MappedFile::release).
// Bytes that lie in no file are passed over.
void releasePages(const Model& model, std::span<const std::byte> read) noexcept;

}  // namespace bitlathe
