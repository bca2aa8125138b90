#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/base/sha256.h"
#include "core/formats/onnx/functions.h"
#include "core/formats/onnx/onnx.h"
#include "core/formats/onnx/reader_graph.h"
#include "core/formats/onnx/upgrade.h"
#include "core/formats/onnx/wire.h"

#include <onnx/onnx_pb.h>

#include <unordered_set>

namespace bitlathe::onnx {

namespace {

constexpr std::size_t kHashWhileReading = std::size_t(16) << 20;  // larger files are hashed when somebody asks
constexpr std::int64_t kNewestIr = 12, kOldestOpset = 7;

// Names go to screens, JSON and other files: those that are no text get one that is.
void mendNames(Graph& graph) {
    const auto mend = [](auto& things) {
        std::unordered_set<std::string> taken;
        for (const auto& thing : things) taken.insert(thing.name);
        for (auto& thing : things) {
            if (isPlainText(thing.name)) continue;
            const std::string plain = plainText(thing.name);
            std::string candidate = plain;
            for (int i = 1; !taken.insert(candidate).second; ++i) candidate = plain + "_" + std::to_string(i);
            thing.name = candidate;
        }
    };
    mend(graph.nodes);
    mend(graph.values);
    graph.name = plainText(graph.name);
    for (Node& node : graph.nodes) node.op = plainText(node.op), node.domain = plainText(node.domain);
    for (Value& value : graph.values)
        if (value.shape)
            for (Dim& dim : *value.shape) dim.symbol = plainText(dim.symbol);
}

::onnx::ModelProto parse(const MappedFile& file) {
    const std::string name = file.path().string();
    if (file.bytes().empty()) refuseInput("'" + name + "' is empty; fetch it again");
    const std::string slim = withoutRawData(file.bytes(), name);
    ::onnx::ModelProto model;
    if (!model.ParseFromString(slim))
        refuseInput("'" + name + "' is not an ONNX model or is damaged; export or fetch it again");
    if (!model.has_graph()) refuseInput("'" + name + "' holds no graph, so there is no network in it; export the model again");
    return model;
}

}  // namespace

bool recognizes(std::span<const std::byte> head) noexcept { return looksLikeModel(head); }

Model read(const std::filesystem::path& path, JobContext& context) {
    const auto file = MappedFile::open(path);
    TensorSource source{path.string(), file, ExternalData(path)};
    ::onnx::ModelProto proto = parse(*file);

    Model model;
    model.name = path.stem().string();
    model.format = "onnx";
    model.source = path;
    model.producer = plainText(proto.producer_name() + (proto.producer_version().empty() ? "" : " " + proto.producer_version()));
    for (const auto& opset : proto.opset_import())
        model.opsets[opset.domain() == "ai.onnx" ? std::string() : plainText(opset.domain())] = opset.version();
    for (const auto& entry : proto.metadata_props()) model.metadata.emplace_back(plainText(entry.key()), plainText(entry.value(), true));
    if (file->bytes().size() <= kHashWhileReading) model.sha256 = sha256(file->bytes());

    inlineFunctions(proto, source.fileName, model.notes);
    if (proto.training_info_size() > 0) model.notes.push_back("the file's training information is ignored");
    if (proto.ir_version() > kNewestIr)
        model.notes.push_back("IR version " + std::to_string(proto.ir_version()) + " is newer than " + std::to_string(kNewestIr) + "; new fields are ignored");
    model.graph = readGraph(proto.graph(), source, context);
    model.weightFiles = source.external.files();
    proto.Clear();
    mendNames(model.graph);
    sortTopologically(model.graph, source.fileName);

    const auto opset = model.opsets.contains("") ? model.opsets[""] : 1;
    if (opset > kNewestOpset)
        model.notes.push_back("opset " + std::to_string(opset) + " is newer than " + std::to_string(kNewestOpset) + "; operators are read with their older meaning");
    else if (opset < kOldestOpset)
        model.notes.push_back("opset " + std::to_string(opset) + " is older than " + std::to_string(kOldestOpset) + "; check the results against the original");
    try {
        upgrade(model.graph, opset, source.fileName, model.notes);
        model.layers = findLayers(model.graph);
    } catch (const Error& error) {  // the graph's own messages know the node but not the file
        if (error.message().starts_with("'" + source.fileName)) throw;
        throw Error(error.kind(), "'" + source.fileName + "': " + error.message());
    }
    return model;
}

}  // namespace bitlathe::onnx
