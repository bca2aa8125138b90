#include "core/engine/run.h"

#include "core/base/error.h"
#include "core/engine/widen.h"

#include <chrono>

namespace bitlathe {

std::vector<Tensor> runStep(const Step& step, const Node& node, std::span<const Tensor* const> inputs, const Machine& machine,
                            Workspace& workspace, Workers& workers, JobContext& job) {
    if (!step.op->throughFloat32) {
        OperatorContext context({node, inputs, step.dying, step.prepared, machine, workers, job, workspace});
        step.op->run(context);
        return context.takeOutputs();
    }
    // The type of the first float input is the type of the outputs, as in ONNX's type constraints.
    std::vector<const Tensor*> widened(inputs.begin(), inputs.end());
    std::vector<Tensor> kept;
    kept.reserve(inputs.size());
    ElementType type = ElementType::F32;
    bool found = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const bool constant = i < step.constants.size() && step.constants[i];
        if (!inputs[i] || !isFloat(inputs[i]->type())) continue;
        if (!found) {
            type = constant && step.narrow ? *step.narrow : inputs[i]->type();
            found = true;
        }
        if (isWidened(inputs[i]->type())) widened[i] = &kept.emplace_back(toFloat32(*inputs[i]));
    }
    OperatorContext context({node, widened, step.dying, step.prepared, machine, workers, job, workspace});
    step.op->run(context);
    std::vector<Tensor> outputs = context.takeOutputs();
    if (isWidened(type))
        for (Tensor& tensor : outputs)
            if (tensor.type() == ElementType::F32) tensor = fromFloat32(tensor, type);
    return outputs;
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
                        std::span<const Tensor> inputs, JobContext& job, const RunObserver* observer) {
    using Clock = std::chrono::steady_clock;
    const Graph& graph = executable.graph();
    checkInputs(graph, inputs);
    std::vector<std::optional<Tensor>> values(graph.values.size());
    const bool watched = observer && observer->value;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (watched) observer->value(graph.inputs[i], inputs[i]);
        values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
    }
    std::vector<const Tensor*> arguments;
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
        std::vector<Tensor> outputs = runStep(step, node, arguments, executable.machine(), workspace, workers, job);
        if (observer && observer->time) observer->time(s, std::chrono::duration<double>(Clock::now() - begin).count());
        job.checkpoint(static_cast<double>(s + 1) / static_cast<double>(steps.size()), node.name);
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            if (node.outputs[i] == kNoValue) continue;
            if (watched) observer->value(node.outputs[i], outputs[i]);
            values[static_cast<std::size_t>(node.outputs[i])] = std::move(outputs[i]);
        }
        for (const ValueId value : step.release) values[static_cast<std::size_t>(value)].reset();
    }
    std::vector<Tensor> results;
    for (const ValueId value : graph.outputs) {
        const Tensor* constant = graph.constant(value);
        const auto& made = values[static_cast<std::size_t>(value)];
        if (!constant && !made) refuseInput("output '" + graph.value(value).name + "' is made by no node; the file is damaged");
        results.push_back(constant ? *constant : *made);
    }
    values.clear();
    workspace.release();
    return results;
}

}  // namespace bitlathe
