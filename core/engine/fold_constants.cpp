#include "core/engine/fold_constants.h"

#include "core/base/error.h"
#include "core/engine/executable.h"
#include "core/engine/operator_list.h"
#include "core/engine/run.h"
#include "core/model/model.h"

#include <algorithm>
#include <array>

namespace bitlathe {

namespace {

bool mayFold(const Node& node, const FoldOptions& options) {
    constexpr std::array<std::string_view, 5> kRandom{"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"};
    if (!node.captured.empty() || std::find(kRandom.begin(), kRandom.end(), node.op) != kRandom.end() || node.op == "Bernoulli") return false;
    if (node.op == "QuantizeLinear" || node.op == "DynamicQuantizeLinear") return false;
    if (node.op == "DequantizeLinear" && !options.dequantize) return false;
    return isRunnable(node.op, node.domain);
}

// True when the node was computed into its output values.
bool fold(Graph& graph, const Node& node, const FoldOptions& options, Workers& workers) {
    std::vector<const Tensor*> inputs;
    std::int64_t bytes = 0;
    for (const ValueId value : node.inputs) {
        const Tensor* constant = graph.constant(value);
        if (value != kNoValue && !constant) return false;
        inputs.push_back(constant);
        if (constant) bytes += static_cast<std::int64_t>(constant->bytes().size());
    }
    const std::int64_t most = std::max(options.mostBytes, node.op == "DequantizeLinear" ? bytes * 32 : bytes * 4);
    std::vector<Tensor> outputs;
    try {
        Workspace workspace(most * 4 + (1 << 20));
        JobContext job;
        const Step step = makeStep(node, inputs, options.machine);
        std::vector<const Wide*> given;
        for (const auto& constant : step.constants) given.push_back(constant ? &*constant : nullptr);
        for (Wide& made : runStep(step, node, given, options.machine, workspace, workers, job)) outputs.push_back(std::move(made.tensor));
    } catch (const Error&) {
        return false;  // running the model will say it, and in its place
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] != kNoValue && static_cast<std::int64_t>(outputs[i].bytes().size()) > most) return false;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] == kNoValue) continue;
        Value& value = graph.values[static_cast<std::size_t>(node.outputs[i])];
        value.type = outputs[i].type();
        value.shape.emplace();
        for (const auto extent : outputs[i].shape()) value.shape->push_back({extent, {}});
        value.constant = std::move(outputs[i]);
    }
    return true;
}

}  // namespace

void foldConstants(Graph& graph, const FoldOptions& options) {
    Workers workers(1);
    std::vector<Node> kept;
    for (Node& node : graph.nodes)
        if (!mayFold(node, options) || !fold(graph, node, options, workers)) kept.push_back(std::move(node));
    if (kept.size() == graph.nodes.size()) {
        graph.nodes = std::move(kept);
        return;
    }
    graph.nodes = std::move(kept);
    dropUnused(graph);
}

std::shared_ptr<const Model> foldConstants(const Model& model, const FoldOptions& options) {
    auto folded = std::make_shared<Model>(model);
    foldConstants(folded->graph, options);
    folded->layers = findLayers(folded->graph);
    return folded;
}

}  // namespace bitlathe
