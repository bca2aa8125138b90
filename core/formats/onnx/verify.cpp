#include "core/formats/onnx/verify.h"

#include "core/base/error.h"
#include "core/formats/onnx/onnx.h"

#include <unordered_map>

namespace bitlathe::onnx {

namespace {

[[noreturn]] void differ(const std::filesystem::path& path, const std::string& what) {
    throw Error(ErrorKind::Output, "'" + path.string() + "' was written, but reads differently: " + what + "; the disk may be faulty, or this is a bug to report");
}

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& ids) {
    std::vector<std::string> list;
    for (const ValueId id : ids) list.push_back(id == kNoValue ? std::string() : graph.value(id).name);
    while (!list.empty() && list.back().empty()) list.pop_back();
    return list;
}

bool sameAttribute(const Attribute& a, const Attribute& b) {
    // Subgraphs may be serialized in another order and still be the same.
    if (std::holds_alternative<OpaqueAttribute>(a)) return std::holds_alternative<OpaqueAttribute>(b);
    // A list without elements has no type of its own in the file.
    return a == b;
}

}  // namespace

void verifyWritten(const Model& meant, const std::filesystem::path& path, JobContext& context) {
    JobContext reading = context.part(0.7, 0.9);
    const Model got = read(path, reading);
    const Graph &a = meant.graph, &b = got.graph;
    if (names(a, a.inputs) != names(b, b.inputs) || names(a, a.outputs) != names(b, b.outputs)) differ(path, "its inputs or outputs have other names");
    std::unordered_map<std::string, const Node*> nodes;
    for (const Node& node : b.nodes) nodes.emplace(node.name, &node);
    if (nodes.size() != a.nodes.size()) differ(path, std::to_string(nodes.size()) + " nodes instead of " + std::to_string(a.nodes.size()));
    for (const Node& node : a.nodes) {
        const auto at = nodes.find(node.name);
        if (at == nodes.end()) differ(path, "node '" + node.name + "' is missing");
        const Node& other = *at->second;
        if (node.qualifiedOp() != other.qualifiedOp() || names(a, node.inputs) != names(b, other.inputs) || names(a, node.outputs) != names(b, other.outputs))
            differ(path, "node '" + node.name + "' has another operator, other inputs or other outputs");
        for (const auto& [key, value] : node.attributes) {
            const auto found = other.attributes.find(key);
            if (found == other.attributes.end() || !sameAttribute(value, found->second)) differ(path, "attribute '" + key + "' of node '" + node.name + "' changed");
        }
    }
    std::unordered_map<std::string, const Tensor*> constants;
    for (const Value& value : b.values)
        if (value.constant) constants.emplace(value.name, &*value.constant);
    std::size_t done = 0;
    for (const Value& value : a.values) {
        if (!value.constant) continue;
        const auto at = constants.find(value.name);
        if (at == constants.end() || !(*at->second == *value.constant)) differ(path, "tensor '" + value.name + "' changed");
        context.checkpoint(0.9 + 0.1 * static_cast<double>(++done) / static_cast<double>(a.values.size()), "comparing what was written");
    }
}

}  // namespace bitlathe::onnx
