// Graph → ONNX file. Messages are made with protobuf, but weights go from where they lie straight into the
// file: a ModelProto is written as its small fields, then its graph, whose initializers follow one by one.
#include "core/formats/onnx/onnx.h"

#include "core/base/error.h"
#include "core/base/save_file.h"
#include "core/formats/onnx/message_out.h"
#include "core/formats/onnx/verify.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <memory>
#include <set>

namespace bitlathe::onnx {

namespace {

constexpr std::int64_t kCanonicalOpset = 21;
constexpr std::int64_t kMostMessageBytes = 2'000'000'000;  // protobuf's readers refuse 2 GiB and more
constexpr std::int64_t kExternalLeast = 1024;              // smaller tensors stay in the model file
constexpr std::int64_t kExternalAlignment = 4096;          // a page: readers map the file

// The lowest opset whose QuantizeLinear and Cast know every element type in the graph.
std::int64_t opsetFor(const Model& model) {
    std::int64_t opset = kCanonicalOpset;
    if (const auto own = model.opsets.find(""); own != model.opsets.end()) opset = std::max(opset, own->second);
    for (const Value& value : model.graph.values) {
        if (value.type == ElementType::F4E2M1) opset = std::max<std::int64_t>(opset, 23);
        if (value.type == ElementType::F8E8M0) opset = std::max<std::int64_t>(opset, 24);
        if (value.type == ElementType::I2 || value.type == ElementType::U2) opset = std::max<std::int64_t>(opset, 25);
    }
    return opset;
}

std::int64_t irFor(std::int64_t opset) { return opset >= 25 ? 12 : opset >= 23 ? 11 : 10; }

void refuseOldSubgraphs(const Model& model, const std::filesystem::path& path) {
    const auto own = model.opsets.find("");
    if (own == model.opsets.end() || own->second >= 13) return;
    for (const Node& node : model.graph.nodes)
        if (!node.captured.empty() || node.op == "If" || node.op == "Loop" || node.op == "Scan")
            throw Error(ErrorKind::Recipe, "cannot write '" + path.string() + "': node '" + node.name + "' (" + node.op + ") holds a subgraph of opset " +
                                               std::to_string(own->second) + ", which means something else today; export the source network with opset 13 or later");
}

// What stands in the model file beside the graph.
std::string modelHead(const Model& model, const WriteOptions& options, std::int64_t opset) {
    ::onnx::ModelProto head;
    head.set_ir_version(irFor(opset));
    head.set_producer_name("bitlathe");
    std::map<std::string, std::int64_t> opsets = model.opsets;
    opsets.erase("ai.onnx");
    opsets[""] = opset;
    for (const Node& node : model.graph.nodes) opsets.emplace(node.domain == "ai.onnx" ? "" : node.domain, 1);
    for (const auto& [domain, version] : opsets) {
        auto* row = head.add_opset_import();
        row->set_domain(domain);
        row->set_version(version);
    }
    auto metadata = model.metadata;
    for (const auto& [key, value] : options.metadata) {
        const auto old = std::find_if(metadata.begin(), metadata.end(), [&](const auto& row) { return row.first == key; });
        if (old != metadata.end()) old->second = value;
        else metadata.emplace_back(key, value);
    }
    for (const auto& [key, value] : metadata) {
        auto* row = head.add_metadata_props();
        row->set_key(key);
        row->set_value(value);
    }
    return head.SerializeAsString();
}

// The graph without its initializers.
std::string graphHead(const Graph& graph) {
    ::onnx::GraphProto proto;
    proto.set_name(graph.name.empty() ? "graph" : graph.name);
    std::set<ValueId> declared;
    for (const ValueId id : graph.inputs) toValueInfo(graph.value(id), *proto.add_input()), declared.insert(id);
    for (const ValueId id : graph.outputs) toValueInfo(graph.value(id), *proto.add_output()), declared.insert(id);
    for (const Node& node : graph.nodes) toNode(graph, node, *proto.add_node());
    for (const Node& node : graph.nodes)
        for (const ValueId id : node.outputs)
            if (id != kNoValue && graph.value(id).type && declared.insert(id).second) toValueInfo(graph.value(id), *proto.add_value_info());
    return proto.SerializeAsString();
}

struct Initializer {
    const Value* value;
    std::string head;  // TensorProto without its bytes
    bool external = false;
    std::int64_t offset = 0;  // in the external file

    // Of the whole TensorProto in the model file.
    std::uint64_t size() const {
        if (external) return head.size();
        const auto bytes = value->constant->bytes().size();
        return head.size() + 1 + varint(bytes).size() + bytes;
    }
};

std::vector<Initializer> initializersOf(const Graph& graph, const WriteOptions& options, const std::string& dataName) {
    std::vector<Initializer> list;
    std::int64_t total = 0;
    for (const Value& value : graph.values)
        if (value.constant) total += static_cast<std::int64_t>(value.constant->bytes().size());
    const bool external = total > std::min(options.externalAbove, kMostMessageBytes);
    std::int64_t at = 0;
    for (const Value& value : graph.values) {
        if (!value.constant) continue;
        Initializer row{&value, {}};
        const auto bytes = static_cast<std::int64_t>(value.constant->bytes().size());
        if (external && bytes >= kExternalLeast) {
            at = (at + kExternalAlignment - 1) / kExternalAlignment * kExternalAlignment;
            row.external = true;
            row.offset = at;
            at += bytes;
        }
        ::onnx::TensorProto proto;
        toTensorHead(value.name, *value.constant, proto);
        if (row.external) toExternal(dataName, row.offset, bytes, proto);
        row.head = proto.SerializeAsString();
        list.push_back(std::move(row));
    }
    return list;
}

void writeExternal(const std::vector<Initializer>& initializers, SaveFile& file, JobContext& context) {
    std::int64_t at = 0;
    for (const Initializer& row : initializers) {
        if (!row.external) continue;
        const std::string gap(static_cast<std::size_t>(row.offset - at), '\0');
        file.write(gap);
        file.write(row.value->constant->bytes());
        at = row.offset + static_cast<std::int64_t>(row.value->constant->bytes().size());
        context.checkpoint(0.4, "writing weights");
    }
}

void writeModel(const std::string& modelPart, const std::string& graphPart, const std::vector<Initializer>& initializers, SaveFile& file, JobContext& context) {
    std::uint64_t graphSize = graphPart.size();
    for (const Initializer& row : initializers) graphSize += 1 + varint(row.size()).size() + row.size();
    file.write(modelPart);
    file.write(fieldTag(7) + varint(graphSize));  // ModelProto.graph
    file.write(graphPart);
    for (std::size_t i = 0; i < initializers.size(); ++i) {
        const Initializer& row = initializers[i];
        file.write(fieldTag(5) + varint(row.size()));  // GraphProto.initializer
        file.write(row.head);
        if (!row.external) {
            file.write(fieldTag(9) + varint(row.value->constant->bytes().size()));  // TensorProto.raw_data
            file.write(row.value->constant->bytes());
        }
        context.checkpoint(0.5 + 0.2 * static_cast<double>(i) / static_cast<double>(initializers.size()), "writing " + row.value->name);
    }
}

}  // namespace

void write(const Model& model, const std::filesystem::path& path, const WriteOptions& options, JobContext& context) {
    std::error_code none;
    if (!model.source.empty() && std::filesystem::equivalent(model.source, path, none))
        throw Error(ErrorKind::Usage, "'" + path.string() + "' is the source itself; a source is never overwritten, choose another name");
    refuseOldSubgraphs(model, path);
    context.checkpoint(0.0, "writing " + path.filename().string());
    const std::int64_t opset = opsetFor(model);
    const std::string dataName = path.filename().string() + ".data";
    const auto initializers = initializersOf(model.graph, options, dataName);
    const bool external = std::any_of(initializers.begin(), initializers.end(), [](const Initializer& row) { return row.external; });
    const std::string modelPart = modelHead(model, options, opset), graphPart = graphHead(model.graph);

    SaveFile file(path);
    writeModel(modelPart, graphPart, initializers, file, context);
    if (external) {
        // The data file gets its name first: a model file never names data that is not there. It can only be
        // read back under that name.
        SaveFile data(path.parent_path() / dataName);
        writeExternal(initializers, data, context);
        data.commit();
        file.commit();
        verifyWritten(model, path, context);
    } else {
        verifyWritten(model, file.temporaryPath(), context);
        file.commit();
    }
    context.checkpoint(1.0, "written");
}

}  // namespace bitlathe::onnx
