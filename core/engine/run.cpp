#include "core/engine/run.h"

#include "core/base/error.h"
#include "core/engine/widen.h"

#include <array>
#include <chrono>

namespace bitlathe {

std::vector<Wide> runStep(const Step& step, const Node& node, std::span<const Wide* const> inputs, const Machine& machine,
                          Workspace& workspace, Workers& workers, JobContext& job, KvCache* cache) {
    std::array<const Tensor*, 16> few;  // spares most nodes an allocation
    std::vector<const Tensor*> many(inputs.size() > few.size() ? inputs.size() : 0);
    const std::span<const Tensor*> tensors(many.empty() ? few.data() : many.data(), inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) tensors[i] = inputs[i] ? &inputs[i]->tensor : nullptr;
    // The type of the first float input is the type of the outputs, as in ONNX's type constraints.
    ElementType type = ElementType::F32;
    std::vector<Tensor> kept;
    if (step.op->widening != Widening::None) {
        bool found = false;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (!inputs[i] || !isFloat(tensors[i]->type())) continue;
            if (!found) type = inputs[i]->type.value_or(tensors[i]->type());
            found = true;
            kept.reserve(inputs.size());
            const bool keptWide = inputs[i]->type && !step.op->widens(*inputs[i]->type);  // float64 for one that knows it
            if (keptWide) tensors[i] = &kept.emplace_back(fromFloat32(*tensors[i], *inputs[i]->type, machine.isa));
            else if (step.op->widens(tensors[i]->type())) tensors[i] = &kept.emplace_back(widened(*tensors[i], machine.isa));
        }
    }
    OperatorContext context({node, tensors, step.dying, step.prepared, machine, workers, job, workspace, cache});
    step.op->run(context);
    std::vector<Tensor> outputs = context.takeOutputs();
    std::vector<Wide> results(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool narrows = step.op->widens(type) && outputs[i].type() == ElementType::F32;
        if (narrows && i < step.wide.size() && step.wide[i]) results[i] = {std::move(outputs[i]), type};
        else if (narrows) results[i] = {fromFloat32(outputs[i], type, machine.isa), std::nullopt};
        else results[i] = {std::move(outputs[i]), std::nullopt};
    }
    return results;
}

namespace {

void checkInputs(const Graph& graph, std::span<const Tensor> inputs) {
    if (inputs.size() != graph.inputs.size())
        refuseInput("the model has " + std::to_string(graph.inputs.size()) + " inputs, but " + std::to_string(inputs.size()) + " were given");
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Value& value = graph.value(graph.inputs[i]);
        if (value.type && *value.type != inputs[i].type())
            refuseInput("input '" + value.name + "' is " + std::string(nameOf(*value.type)) + ", but the data is " + std::string(nameOf(inputs[i].type())));
        if (!value.shape) continue;
        const auto& dims = *value.shape;
        bool fits = dims.size() == static_cast<std::size_t>(inputs[i].shape().rank());
        for (std::size_t axis = 0; fits && axis < dims.size(); ++axis)
            fits = dims[axis].extent < 0 || dims[axis].extent == inputs[i].shape()[static_cast<int>(axis)];
        if (fits) continue;
        std::string expected;
        for (const Dim& dim : dims)
            expected += (expected.empty() ? "" : " × ") + (dim.extent >= 0 ? std::to_string(dim.extent) : dim.symbol.empty() ? "?" : dim.symbol);
        refuseInput("input '" + value.name + "' has shape " + expected + ", but the data is " + toText(inputs[i].shape()));
    }
}

}  // namespace

std::vector<Tensor> run(const Executable& executable, Workspace& workspace, Workers& workers,
                        std::span<const Tensor> inputs, JobContext& job, const RunObserver* observer, KvCache* cache) {
    using Clock = std::chrono::steady_clock;
    const Graph& graph = executable.graph();
    checkInputs(graph, inputs);
    std::vector<std::optional<Wide>> values(graph.values.size());
    const bool watched = observer && observer->value;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (watched) observer->value(graph.inputs[i], inputs[i]);
        values[static_cast<std::size_t>(graph.inputs[i])] = Wide{inputs[i], std::nullopt};
    }
    std::vector<const Wide*> arguments;
    const auto& steps = executable.steps();
    for (std::size_t s = 0; s < steps.size(); ++s) {
        const Step& step = steps[s];
        const Node& node = graph.nodes[static_cast<std::size_t>(step.node)];
        arguments.clear();
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            const auto value = static_cast<std::size_t>(node.inputs[i]);
            if (node.inputs[i] == kNoValue) arguments.push_back(nullptr);
            else if (step.constants[i]) arguments.push_back(&*step.constants[i]);
            else arguments.push_back(values[value] ? &*values[value] : nullptr);
        }
        const auto begin = Clock::now();
        std::vector<Wide> outputs = runStep(step, node, arguments, executable.machine(), workspace, workers, job, cache);
        if (observer && observer->time) observer->time(s, std::chrono::duration<double>(Clock::now() - begin).count());
        job.checkpoint(static_cast<double>(s + 1) / static_cast<double>(steps.size()), node.name);
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            if (node.outputs[i] == kNoValue) continue;
            if (watched) observer->value(node.outputs[i], outputs[i].tensor);
            values[static_cast<std::size_t>(node.outputs[i])] = std::move(outputs[i]);
        }
        for (const ValueId value : step.release) values[static_cast<std::size_t>(value)].reset();
    }
    std::vector<Tensor> results;
    for (const ValueId value : graph.outputs) {
        const Tensor* constant = graph.constant(value);
        const auto& made = values[static_cast<std::size_t>(value)];
        if (!constant && !made) refuseInput("output '" + graph.value(value).name + "' is made by no node; the file is damaged");
        results.push_back(constant ? *constant : made->tensor);
    }
    values.clear();
    workspace.release();
    return results;
}

}  // namespace bitlathe
