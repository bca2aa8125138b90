#include "core/workflow/bench.h"

#include "core/engine/run.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace bitlathe {

namespace {

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Multiply-adds of a product, from the shapes of its weight (or second factor) and its output.
double multiplyAdds(const Node& node, const Shape& weight, const Shape& output) {
    const auto count = static_cast<double>(output.count());
    if (node.op.find("ConvTranspose") != std::string::npos) return 0;
    if (node.op.find("Conv") != std::string::npos && weight.rank() >= 3) return count * static_cast<double>(weight.count(1, weight.rank()));
    if (node.op == "Gemm" || node.op == "QGemm") return weight.rank() == 2 ? count * static_cast<double>(weight[node.integer("transB", 0) ? 1 : 0]) : 0;
    if (node.op.find("MatMul") != std::string::npos && node.op != "MatMulNBits" && weight.rank() >= 2) return count * static_cast<double>(weight[weight.rank() - 2]);
    return 0;
}

}  // namespace

std::vector<Tensor> syntheticInputs(const Graph& graph, std::int64_t batch) {
    std::vector<Tensor> inputs;
    for (const ValueId id : graph.inputs) {
        const Value& value = graph.value(id);
        std::vector<std::int64_t> dims;
        if (!value.shape) refuseInput("the input '" + value.name + "' declares no shape: give real data instead");
        for (std::size_t axis = 0; axis < value.shape->size(); ++axis) {
            const std::int64_t extent = (*value.shape)[axis].extent;
            dims.push_back(extent >= 0 ? extent : axis == 0 ? batch : 1);
        }
        const ElementType type = value.type.value_or(ElementType::F32);
        const auto elements = checkedCount(dims);
        if (!elements || *elements > (std::int64_t(1) << 31)) refuseInput("the input '" + value.name + "' is too large to make up");
        std::byte* bytes = nullptr;
        Tensor tensor = Tensor::allocate(type, Shape(dims), bytes);
        std::fill_n(bytes, tensor.bytes().size(), std::byte{0});
        if (type == ElementType::F32) {
            auto* x = reinterpret_cast<float*>(bytes);
            std::uint32_t state = 12345;
            for (std::int64_t i = 0; i < tensor.count(); ++i) {
                state = state * 1664525u + 1013904223u;
                x[i] = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
            }
        }
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

BenchResult bench(const Executable& executable, std::int64_t batch, int repeats, Workers& workers, JobContext& job) {
    const std::vector<Tensor> inputs = syntheticInputs(executable.graph(), batch);
    const auto& steps = executable.steps();
    Workspace workspace;
    std::map<ValueId, Shape> shapes;
    RunObserver look;
    look.value = [&](ValueId value, const Tensor& tensor) { shapes[value] = tensor.shape(); };
    run(executable, workspace, workers, inputs, job, &look);
    run(executable, workspace, workers, inputs, job);

    std::vector<std::vector<double>> times(steps.size());
    RunObserver clock;
    clock.time = [&](std::size_t step, double seconds) { times[step].push_back(seconds * 1e3); };
    std::vector<double> whole;
    JobContext quiet(job.stopToken());
    for (int i = 0; i < repeats; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        run(executable, workspace, workers, inputs, quiet, &clock);
        whole.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        job.checkpoint(static_cast<double>(i + 1) / repeats, "run " + std::to_string(i + 1) + " of " + std::to_string(repeats));
    }

    BenchResult result;
    result.threads = workers.threads();
    result.batch = inputs.empty() || inputs[0].shape().rank() == 0 ? 1 : inputs[0].shape()[0];
    result.repeats = repeats;
    result.medianMs = median(whole);
    result.bestMs = whole.empty() ? 0 : *std::min_element(whole.begin(), whole.end());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Node& node = executable.graph().nodes[static_cast<std::size_t>(steps[i].node)];
        StepTime time{steps[i].placement.node, steps[i].placement.op, steps[i].placement.kernel, steps[i].placement.integer, steps[i].placement.reason, median(times[i]), 0};
        const std::size_t weightInput = node.op == "QLinearConv" || node.op == "QLinearMatMul" || node.op == "QGemm" ? 3 : 1;
        Shape weight;
        if (weightInput < steps[i].constants.size() && steps[i].constants[weightInput]) weight = steps[i].constants[weightInput]->tensor.shape();
        else if (const ValueId id = node.input(weightInput); id != kNoValue && shapes.contains(id)) weight = shapes[id];
        if (node.output(0) != kNoValue && time.medianMs > 0)
            time.gops = 2 * multiplyAdds(node, weight, shapes[node.output(0)]) / (time.medianMs * 1e6);
        result.steps.push_back(std::move(time));
    }
    return result;
}

}  // namespace bitlathe
