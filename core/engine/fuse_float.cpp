#include "core/engine/fuse_float.h"

#include "core/engine/code_edges.h"

#include <limits>

namespace bitlathe {

namespace {

// The activation's parameters as FusedConv takes them; false where it is none, or not constant.
bool activationOf(const Graph& graph, const Node& node, std::vector<float>& parameters) {
    parameters.clear();
    if (!node.domain.empty()) return false;
    if (node.op == "Relu") return true;
    if (node.op == "LeakyRelu") {
        parameters = {node.real("alpha", 0.01f)};
        return true;
    }
    if (node.op != "Clip") return false;
    parameters = {std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max()};
    for (std::size_t i = 0; i < 2; ++i) {
        if (node.input(i + 1) == kNoValue) continue;
        const Tensor* bound = graph.constant(node.input(i + 1));
        if (!bound || bound->count() != 1 || bound->type() != ElementType::F32) return false;
        parameters[i] = bound->as<float>()[0];
    }
    return true;
}

}  // namespace

void fuseFloat(Graph& source) {
    Rewriting graph(source);
    for (std::size_t n = 0; n < graph.size(); ++n) {
        const auto id = static_cast<NodeId>(n);
        const Node conv = graph.node(id);
        if (conv.op != "Conv" || !conv.domain.empty() || graph.isOutput(conv.output(0))) continue;
        const auto readers = graph.readers(conv.output(0));
        std::vector<float> parameters;
        if (readers.size() != 1 || !activationOf(source, graph.node(readers[0]), parameters) || graph.node(readers[0]).input(0) != conv.output(0)) continue;
        Node fused = conv;
        fused.op = "FusedConv";
        fused.domain = "com.microsoft";
        fused.attributes["activation"] = graph.node(readers[0]).op;
        if (!parameters.empty()) fused.attributes["activation_params"] = parameters;
        fused.outputs = {graph.node(readers[0]).output(0)};
        graph.replace(id, std::move(fused), readers[0]);
    }
    graph.finish();
}

}  // namespace bitlathe
