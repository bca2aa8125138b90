#include "core/workflow/evaluate.h"

#include "core/base/error.h"
#include "core/workflow/calibrate.h"
#include "core/workflow/compare.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe {
namespace {

// x [first, 4] → MatMul with the identity times `factor` → y.
std::shared_ptr<const Model> identity(std::int64_t first, float factor) {
    auto model = std::make_shared<Model>();
    model->name = "identity";
    model->opsets[""] = 21;
    Graph& graph = model->graph;
    std::vector<float> weights(16, 0.0f);
    for (std::size_t i = 0; i < 4; ++i) weights[5 * i] = factor;
    const ValueId x = graph.addValue("x"), y = graph.addValue("y"), w = graph.addConstant("fc.weight", Tensor::of<float>({4, 4}, weights));
    for (const ValueId id : {x, y}) graph.values[static_cast<std::size_t>(id)].type = ElementType::F32;
    graph.values[static_cast<std::size_t>(x)].shape = {{first, first < 0 ? "N" : ""}, {4, ""}};
    graph.nodes.push_back({.name = "fc", .op = "MatMul", .inputs = {x, w}, .outputs = {y}});
    graph.inputs = {x};
    graph.outputs = {y};
    model->layers = findLayers(graph);
    return model;
}

// Sample i is 1 at element i % 4, which is its label.
Dataset oneHot(std::int64_t count) {
    Dataset data;
    data.path = "made.npz";
    data.arrays.push_back({"inputs", ElementType::F32, Shape{4}, count, [](std::int64_t index) {
                               std::vector<float> x(4, 0.0f);
                               x[static_cast<std::size_t>(index % 4)] = 1.0f;
                               return Tensor::of<float>({4}, x);
                           }});
    data.labels.emplace();
    for (std::int64_t i = 0; i < count; ++i) data.labels->push_back(i % 4);
    return data;
}

struct Bench {
    Machine machine = Machine::detect();
    Workers workers{2};
    JobContext job;
    Evaluation of(std::shared_ptr<const Model> model, const Dataset& data) {
        const SampleFeed feed(*model, data);
        return evaluate(prepareNetwork(model, nullptr, {}, EngineMode::Simulated, false, machine, workers, job), feed, {}, workers, job);
    }
};

// A network that had become all NaN was reported with a top-1 of 100 %.
TEST(Evaluate, ANetworkThatAnswersNaNIsNeverRight) {
    Bench bench;
    EXPECT_EQ(bench.of(identity(-1, 1.0f), oneHot(12)).top1, 1.0);
    const Evaluation broken = bench.of(identity(-1, std::nanf("")), oneHot(12));
    EXPECT_EQ(broken.top1, 0.0);
    EXPECT_EQ(broken.top5, 0.0);
}

TEST(Evaluate, ABatchThatIsNotFullCountsItsSamplesOnce) {
    Bench bench;
    const Evaluation evaluation = bench.of(identity(8, 1.0f), oneHot(10));
    EXPECT_EQ(evaluation.samples, 10);
    EXPECT_EQ(evaluation.top1, 1.0);
}

TEST(Compare, ModelsThatFixTheirBatchAreComparedOnData) {
    Bench bench;
    const Dataset data = oneHot(10);
    for (const std::int64_t other : {8, -1}) {
        const Comparison comparison = compareModels(identity(8, 1.0f), identity(other, 2.0f), &data, {}, bench.machine, bench.workers, bench.job);
        ASSERT_TRUE(comparison.outputs.has_value());
        EXPECT_EQ(comparison.outputs->samples, 10);
        EXPECT_EQ(comparison.outputs->agreement, 1.0);
        EXPECT_EQ(*comparison.outputs->top1A, 1.0);
        EXPECT_EQ(comparison.outputs->maximum, 1.0);
    }
    EXPECT_THROW(compareModels(identity(8, 1.0f), identity(4, 1.0f), &data, {}, bench.machine, bench.workers, bench.job), Error);
}

// Only the first row of each activation was seen, and the ranges were too small.
TEST(Calibrate, AModelWithoutABatchAxisIsSeenWhole) {
    Bench bench;
    Dataset data;
    data.path = "made.npz";
    data.arrays.push_back({"inputs", ElementType::F32, Shape{3, 4}, 2, [](std::int64_t) {
                               return Tensor::of<float>({3, 4}, std::vector<float>{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 50});
                           }});
    const auto model = identity(3, 1.0f);
    const ActivationRanges ranges = calibrate(model, findPreset("int8")->recipe, SampleFeed(*model, data), {}, bench.machine, bench.workers, bench.job);
    ASSERT_TRUE(ranges.contains("x"));
    EXPECT_EQ(ranges.at("x").max, 50.0f);
    EXPECT_EQ(ranges.at("x").count, 24);
}

TEST(SampleFeed, ACopyOutlivesWhatItWasCopiedFrom) {
    auto first = std::make_unique<SampleFeed>(*identity(-1, 1.0f), oneHot(8));
    const SampleFeed copy = *first;
    first.reset();
    EXPECT_EQ(copy.inputs(0)[0].as<float>()[5], 1.0f);
}

}  // namespace
}  // namespace bitlathe
