// Latency of a network, and of each of its steps: engine_bench MODEL [float|integer] [threads] [batch] [isa].
// Free extents are the batch where they come first, else 1. Prints medians; inputs are noise.
#include "core/engine/blas.h"
#include "core/engine/operator_list.h"
#include "core/engine/run.h"
#include "core/formats/onnx/onnx.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <set>

using namespace bitlathe;

namespace {

Tensor noise(const Value& value, std::int64_t batch) {
    std::vector<std::int64_t> dims;
    if (value.shape)
        for (const Dim& dim : *value.shape) dims.push_back(dim.extent >= 0 ? dim.extent : dims.empty() ? batch : 1);
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(value.type.value_or(ElementType::F32), Shape(dims), bytes);
    std::mt19937 random(1);
    if (tensor.type() == ElementType::F32)
        for (std::int64_t i = 0; i < tensor.count(); ++i) reinterpret_cast<float*>(bytes)[i] = std::normal_distribution<float>()(random);
    else std::fill_n(bytes, tensor.bytes().size(), std::byte{0});
    return tensor;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0.0 : values[values.size() / 2];
}

int bench(int count, char** arguments) {
    if (count < 2) return std::puts("engine_bench MODEL [float|integer] [threads] [batch] [isa]"), 2;
    const std::string mode = count > 2 ? arguments[2] : "float";
    Workers workers(count > 3 ? std::atoi(arguments[3]) : 1);
    const std::int64_t batch = count > 4 ? std::atoll(arguments[4]) : 1;
    const Isa isa = count > 5 ? isaFromName(arguments[5]).value_or(Isa::Amx) : Isa::Amx;
    JobContext job;
    const auto model = std::make_shared<const Model>(onnx::read(arguments[1], job));
    std::set<std::string> lacking;
    for (const Node& node : model->graph.nodes)
        if (!isRunnable(node.op, node.domain)) lacking.insert(node.qualifiedOp());
    for (const auto& op : lacking) std::printf("lacking: %s\n", op.c_str());
    if (!lacking.empty()) return 4;
    CompileOptions options;
    options.machine = Machine::detect(isa);
    options.integer = mode == "integer";
    const auto executable = Executable::compile(model, options);
    std::vector<Tensor> inputs;
    for (const ValueId id : executable->graph().inputs) inputs.push_back(noise(executable->graph().value(id), batch));
    Workspace workspace;
    std::vector<double> all;
    std::vector<std::vector<double>> steps(executable->steps().size());
    RunObserver observer;
    observer.time = [&](std::size_t step, double seconds) { steps[step].push_back(seconds); };
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(3);
    for (int i = 0; i < 5 || Clock::now() < end; ++i) {
        const auto begin = Clock::now();
        run(*executable, workspace, workers, inputs, job, i % 2 ? &observer : nullptr);
        if (i % 2 == 0) all.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    }
    std::printf("%s, %s, %d threads, batch %lld, %s: median %.3f ms, least %.3f ms of %zu\n", model->name.c_str(), mode.c_str(), workers.threads(),
                static_cast<long long>(batch), options.machine.blas->name().c_str(), 1e3 * median(all), 1e3 * *std::min_element(all.begin(), all.end()), all.size());
    double sum = 0;
    std::map<std::string, std::pair<int, double>> byOp;
    for (std::size_t s = 0; s < steps.size(); ++s) {
        const double ms = 1e3 * median(steps[s]);
        const Placement& placement = executable->steps()[s].placement;
        std::printf("  %8.4f  %-38s %-28s %s%s\n", ms, placement.node.c_str(), placement.kernel.c_str(), placement.integer ? "" : "float ", placement.reason.c_str());
        sum += ms;
        byOp[placement.op].first += 1;
        byOp[placement.op].second += ms;
    }
    for (const auto& [op, total] : byOp) std::printf("%8.4f ms  %3d × %s\n", total.second, total.first, op.c_str());
    std::printf("%8.4f ms in all steps\n", sum);
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return bench(count, arguments);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 3;
    }
}
