#include "tests/core/engine/operator_call.h"

#include <random>

namespace bitlathe {

std::vector<Tensor> OperatorCall::operator()(const std::vector<std::optional<Tensor>>& inputs) const {
    Node node;
    node.name = "probe";
    node.op = op;
    node.domain = domain;
    node.attributes = attributes;
    std::vector<Wide> given;
    given.reserve(inputs.size());
    std::vector<const Wide*> arguments;
    for (const auto& input : inputs) {
        arguments.push_back(input ? &given.emplace_back(Wide{*input, {}}) : nullptr);
        node.inputs.push_back(input ? static_cast<ValueId>(arguments.size()) : kNoValue);
    }
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(static_cast<ValueId>(100 + i));
    static const Machine machine = Machine::detect();
    const Step step = makeStep(node, std::vector<const Tensor*>(arguments.size(), nullptr), machine);
    Workers workers(threads);
    Workspace workspace(limitBytes);
    JobContext job;
    auto results = runStep(step, node, arguments, machine, workspace, workers, job);
    workspace.release();
    std::vector<Tensor> tensors;
    for (Wide& result : results) tensors.push_back(std::move(result.tensor));
    return tensors;
}

Tensor noise(const Shape& shape, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    for (float& value : values) value = normal(random);
    return Tensor::of(shape, values);
}

std::vector<float> valuesOf(const Tensor& tensor) {
    const auto values = tensor.as<float>();
    return {values.begin(), values.end()};
}

}  // namespace bitlathe
