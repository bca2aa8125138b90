// Operators that memory should bound, on the shapes of real networks: operators_bench [PART OF A NAME] [threads].
// Each line: the best time, bytes read and written per second, and that as a part of what a plain parallel
// copy of as many bytes reaches, measured in turns with it.
#include "core/engine/run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>

using namespace bitlathe;

namespace {

struct Case {
    const char *op, *what;
    std::vector<Shape> inputs;
    Attributes attributes;
    std::vector<std::vector<std::int64_t>> integers = {};  // inputs behind the float ones
};

using Ints = std::vector<std::int64_t>;

std::vector<Case> cases() {
    const Shape early{1, 64, 112, 112}, middle{1, 256, 28, 28}, batch{8, 64, 56, 56}, tokens{128, 768}, heads{12, 128, 128};
    return {
        {"Relu", "1 × 64 × 112 × 112", {early}, {}},
        {"Relu", "8 × 64 × 56 × 56", {batch}, {}},
        {"Clip", "8 × 64 × 56 × 56", {batch}, {{"min", 0.0f}, {"max", 6.0f}}},
        {"Add", "8 × 64 × 56 × 56", {batch, batch}, {}},
        {"Add", "per channel", {batch, Shape{64, 1, 1}}, {}},
        {"Mul", "by one number", {batch, Shape{}}, {}},
        {"Add", "bias of tokens", {Shape{1, 128, 768}, Shape{768}}, {}},
        {"Sigmoid", "1 × 64 × 112 × 112", {early}, {}},
        {"Tanh", "1 × 64 × 112 × 112", {early}, {}},
        {"HardSwish", "8 × 64 × 56 × 56", {batch}, {}},
        {"Gelu", "128 × 3072", {Shape{128, 3072}}, {}},
        {"Erf", "128 × 3072", {Shape{128, 3072}}, {}},
        {"Exp", "128 × 3072", {Shape{128, 3072}}, {}},
        {"BatchNormalization", "8 × 64 × 56 × 56", {batch, Shape{64}, Shape{64}, Shape{64}, Shape{64}}, {}},
        {"LayerNormalization", "128 × 768", {tokens, Shape{768}, Shape{768}}, {}},
        {"LayerNormalization", "4096 × 768", {Shape{4096, 768}, Shape{768}, Shape{768}}, {}},
        {"Softmax", "12 × 128 × 128", {heads}, {}},
        {"Softmax", "1 × 1000", {Shape{1, 1000}}, {}},
        {"Softmax", "channels, 1 × 21 × 256 × 256", {Shape{1, 21, 256, 256}}, {{"axis", std::int64_t(1)}}},
        {"MaxPool", "3 × 3 / 2, 1 × 64 × 112 × 112", {early}, {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}},
        {"MaxPool", "2 × 2 / 2, 8 × 64 × 56 × 56", {batch}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}},
        {"MaxPool", "5 × 5 / 1, 1 × 256 × 28 × 28", {middle}, {{"kernel_shape", Ints{5, 5}}, {"pads", Ints{2, 2, 2, 2}}}},
        {"AveragePool", "3 × 3 / 1, 1 × 256 × 28 × 28", {middle}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}}},
        {"AveragePool", "2 × 2 / 2, 8 × 64 × 56 × 56", {batch}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}}},
        {"GlobalAveragePool", "8 × 1280 × 7 × 7", {Shape{8, 1280, 7, 7}}, {}},
        {"GlobalAveragePool", "1 × 1000 × 13 × 13", {Shape{1, 1000, 13, 13}}, {}},
        {"Transpose", "NCHW to NHWC, 8 × 64 × 56 × 56", {batch}, {{"perm", Ints{0, 2, 3, 1}}}},
        {"Transpose", "NHWC to NCHW, 8 × 56 × 56 × 64", {Shape{8, 56, 56, 64}}, {{"perm", Ints{0, 3, 1, 2}}}},
        {"Transpose", "heads, 128 × 12 × 64", {Shape{1, 128, 12, 64}}, {{"perm", Ints{0, 2, 1, 3}}}},
        {"Transpose", "2048 × 2048", {Shape{2048, 2048}}, {}},
        {"Concat", "two of 8 × 64 × 56 × 56", {batch, batch}, {{"axis", std::int64_t(1)}}},
        {"Slice", "every second pixel", {batch}, {}, {{0, 0}, {56, 56}, {2, 3}, {2, 2}}},
        {"Pad", "1 pixel, 8 × 64 × 56 × 56", {batch}, {}, {{0, 0, 1, 1, 0, 0, 1, 1}}},
        {"ReduceMean", "last axis, 4096 × 768", {Shape{4096, 768}}, {}, {{-1}}},
        {"ReduceMean", "first axis, 4096 × 768", {Shape{4096, 768}}, {}, {{0}}},
        {"ReduceMean", "space, 8 × 56 × 56 × 64", {Shape{8, 56, 56, 64}}, {}, {{1, 2}}},
        {"ArgMax", "channels, 1 × 21 × 256 × 256", {Shape{1, 21, 256, 256}}, {{"axis", std::int64_t(1)}}},
        {"Resize", "twice, nearest, 1 × 64 × 56 × 56", {Shape{1, 64, 56, 56}, Shape{0}, Shape{0}}, {}, {{1, 64, 112, 112}}},
        {"Resize", "twice, linear, 1 × 64 × 56 × 56", {Shape{1, 64, 56, 56}, Shape{0}, Shape{0}}, {{"mode", std::string("linear")}}, {{1, 64, 112, 112}}},
    };
}

Tensor noise(const Shape& shape) {
    std::byte* bytes = nullptr;
    Tensor tensor = Tensor::allocate(ElementType::F32, shape, bytes);
    std::mt19937 random(1);
    for (std::int64_t i = 0; i < tensor.count(); ++i) reinterpret_cast<float*>(bytes)[i] = std::abs(std::normal_distribution<float>()(random));
    return tensor;
}

double secondsOf(const std::function<void()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void measure(const Case& c, Workers& workers, const Machine& machine) {
    std::vector<Tensor> tensors;
    for (const Shape& shape : c.inputs) tensors.push_back(noise(shape));
    for (const auto& values : c.integers) tensors.push_back(Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
    std::vector<Wide> held;
    for (const Tensor& tensor : tensors) held.push_back({tensor, std::nullopt});
    std::vector<const Wide*> inputs;
    Node node{.name = c.op, .op = c.op, .outputs = {0}, .attributes = c.attributes};
    for (const Wide& tensor : held) {
        inputs.push_back(&tensor);
        node.inputs.push_back(static_cast<ValueId>(node.inputs.size()) + 1);
    }
    const Step step = makeStep(node, std::vector<const Tensor*>(inputs.size(), nullptr), machine);
    Workspace workspace;
    JobContext job;
    double bytes = 0;
    for (const Tensor& tensor : tensors) bytes += double(tensor.bytes().size());
    for (const Wide& made : runStep(step, node, inputs, machine, workspace, workers, job)) bytes += double(made.tensor.bytes().size());
    const auto half = static_cast<std::int64_t>(bytes / 2);
    std::vector<std::byte> from(static_cast<std::size_t>(half), std::byte(1)), to(from.size(), std::byte(1));
    double best = 1e9, copy = 1e9;
    for (double spent = 0; spent < 0.4;) {
        const double run = secondsOf([&] { runStep(step, node, inputs, machine, workspace, workers, job); });
        const double limit = secondsOf([&] {
            workers.forRange(half, 1 << 18, [&](std::int64_t begin, std::int64_t end) { std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin)); });
        });
        best = std::min(best, run);
        copy = std::min(copy, limit);
        spent += run + limit;
    }
    std::printf("%-20s %-34s %d %9.4f ms %8.1f GB/s %6.2f of a copy\n", c.op, c.what, workers.threads(), best * 1e3, bytes / best / 1e9, copy / best);
}

}  // namespace

int main(int count, char** arguments) {
    const std::string only = count > 1 ? arguments[1] : "";
    Workers workers(count > 2 ? std::atoi(arguments[2]) : 1);
    const Machine machine = Machine::detect();
    for (const Case& c : cases())
        if ((std::string(c.op) + " " + c.what).find(only) != std::string::npos) measure(c, workers, machine);
}
