#include "core/engine/executable.h"

#include "core/base/error.h"
#include "core/engine/channels_last.h"
#include "core/engine/fold_constants.h"
#include "core/engine/fuse_float.h"
#include "core/engine/fuse_integer.h"
#include "core/engine/operator_list.h"
#include "core/engine/widen.h"

namespace bitlathe {

Step makeStep(const Node& node, std::span<const Tensor* const> constants, const Machine& machine, std::span<const BlockTensor* const> blocks,
              std::span<const std::shared_ptr<const PackedTensor>> packed) {
    Step step;
    step.op = findOperator(node.op, node.domain);
    if (!step.op)
        throw Error(ErrorKind::Unsupported, placeOf(node) + "this operator cannot run here yet; the model can be inspected and "
                                                            "quantized weight-only, but not run");
    step.constants.resize(constants.size());
    for (std::size_t i = 0; i < constants.size(); ++i) {
        if (!constants[i]) continue;
        const bool widens = step.op->widens(constants[i]->type());
        if (widens) step.constants[i] = Wide{widened(*constants[i], machine.isa), constants[i]->type()};
        else step.constants[i] = Wide{*constants[i], std::nullopt};
    }
    std::vector<const Tensor*> seen(constants.size(), nullptr);
    for (std::size_t i = 0; i < constants.size(); ++i)
        if (step.constants[i]) seen[i] = &step.constants[i]->tensor;
    if (step.op->prepare) step.prepared = step.op->prepare({node, seen, machine, blocks, packed});
    step.placement = {node.name, node.qualifiedOp(), step.prepared.kernel.empty() ? node.op : step.prepared.kernel, false, {}};
    return step;
}

std::shared_ptr<const Executable> Executable::compile(std::shared_ptr<const Model> model, CompileOptions options) {
    if (model->graph.weightsOnly)
        throw Error(ErrorKind::Unsupported, "'" + model->source.string() + "' holds weights and no graph, so there is nothing to run; look at it, quantize and export it, or open the network as ONNX to run it; a language model is run by 'generate' and measured on a text by 'evaluate'");
    std::shared_ptr<Executable> executable(new Executable);
    executable->m_machine = options.machine;
    executable->m_graph = model->graph;
    executable->m_model = std::move(model);
    Graph& graph = executable->m_graph;
    IntegerFusion fusion;
    if (options.integer) {
        foldConstants(graph, {.machine = options.machine});
        fusion = fuseInteger(graph);
    }
    foldConstants(graph, {.machine = options.machine, .dequantize = true});
    if (options.fuse) {
        fuseFloat(graph);
        if (options.integer) keepChannelsLast(graph);
    }

    std::vector<NodeId> lastReader(graph.values.size(), -1);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n)
        for (const ValueId value : graph.nodes[n].inputs)
            if (value != kNoValue) lastReader[static_cast<std::size_t>(value)] = static_cast<NodeId>(n);
    std::vector<bool> leaves(graph.values.size(), false), made(graph.values.size(), false), readAsIs(graph.values.size(), false);
    for (const Node& node : graph.nodes) {
        const Operator* op = findOperator(node.op, node.domain);
        for (const ValueId value : node.inputs)
            if (value != kNoValue && (!op || op->widening == Widening::None)) readAsIs[static_cast<std::size_t>(value)] = true;
    }
    for (const ValueId value : graph.outputs) leaves[static_cast<std::size_t>(value)] = true;

    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const Node& node = graph.nodes[n];
        std::vector<const Tensor*> constants;
        std::vector<const BlockTensor*> blocks;
        std::vector<std::shared_ptr<const PackedTensor>> packed;
        for (const ValueId value : node.inputs) {
            constants.push_back(graph.constant(value));
            blocks.push_back(value != kNoValue && graph.value(value).blocks ? &*graph.value(value).blocks : nullptr);
            packed.push_back(value != kNoValue ? graph.value(value).packed : nullptr);
        }
        Step step = makeStep(node, constants, options.machine, blocks, packed);
        step.node = static_cast<NodeId>(n);
        step.placement.integer = computesOnCodes(node.op) || fusion.integer.contains(node.name);
        if (const auto why = fusion.reasons.find(node.name); why != fusion.reasons.end() && !step.placement.integer) step.placement.reason = why->second;
        for (const ValueId value : node.inputs) {
            const auto at = static_cast<std::size_t>(value);
            const bool dies = value != kNoValue && made[at] && !leaves[at] && lastReader[at] == step.node;
            step.dying.push_back(dies);
            if (dies) step.release.push_back(value);
        }
        step.wide.assign(node.outputs.size(), false);
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            const ValueId value = node.outputs[i];
            if (value == kNoValue) continue;
            const auto at = static_cast<std::size_t>(value);
            made[at] = true;
            step.wide[i] = options.fuse && !leaves[at] && !readAsIs[at];
            if (!leaves[at] && lastReader[at] < 0) step.release.push_back(value);
        }
        executable->m_steps.push_back(std::move(step));
    }
    return executable;
}

}  // namespace bitlathe
