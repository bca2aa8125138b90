// Networks of codes with channels last give the bits that they give with channels first.
#include "core/engine/channels_last.h"

#include "core/engine/blas.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bitlathe {

namespace {

constexpr float kScale = 0.05f;
constexpr std::uint8_t kZero = 110;

ValueId convolution(GraphBuilder& b, ValueId x, Shape filter, std::int64_t groups = 1) {
    std::vector<float> scales;
    const ValueId w = b.weight(filter, scales);
    const Attributes attributes{{"pads", std::vector<std::int64_t>(4, filter[2] / 2)}, {"group", groups}};
    return b.codes(b.node("Conv", {x, w}, attributes), kScale, kZero);
}
ValueId list(GraphBuilder& b, std::vector<std::int64_t> values) {
    return b.constant(Tensor::of(Shape{static_cast<std::int64_t>(values.size())}, values));
}

struct Result {
    int turns = 0, floats = 0;  // layout changes, and float operators that are left
};

Result expectSameInBothLayouts(const GraphBuilder& b, Shape input) {
    GraphBuilder data(11);
    const std::vector<Tensor> inputs{data.random(std::move(input))};
    const Machine machine{detectIsa(), Blas::plain()};
    const auto apart = Executable::compile(b.model(), {.machine = machine, .integer = true, .fuse = false});
    const auto together = Executable::compile(b.model(), {.machine = machine, .integer = true});
    const auto expected = runOnce(*apart, inputs), got = runOnce(*together, inputs, 3);
    EXPECT_EQ(expected.size(), got.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[i]) << "output " << i;
    Result result;
    for (const Step& step : together->steps()) {
        if (step.placement.op.starts_with("bitlathe.")) ++result.turns;
        if (!step.placement.reason.empty()) ++result.floats;
    }
    return result;
}

TEST(ChannelsLast, PoolsSlicesPadsAndConcatenationsStayInTheLayout) {
    GraphBuilder b;
    const ValueId x = convolution(b, b.codes(b.input("x"), 0.03f, 128), Shape{6, 3, 3, 3});
    const ValueId pooled = b.codes(b.node("MaxPool", {x}, {{"kernel_shape", std::vector<std::int64_t>{3, 3}}, {"strides", std::vector<std::int64_t>{2, 2}}}), kScale, kZero);
    const ValueId sliced = b.codes(b.node("Slice", {pooled, list(b, {1, 0}), list(b, {5, 100}), list(b, {1, 3}), list(b, {1, 2})}), kScale, kZero);
    const ValueId padded = b.codes(b.node("Pad", {sliced, list(b, {0, 1, 0, 1, 0, 2, 0, 0})}), kScale, kZero);
    const ValueId other = convolution(b, padded, Shape{5, 7, 1, 1});
    const ValueId joined = b.codes(b.node("Concat", {padded, other}, {{"axis", std::int64_t(1)}}), 0.06f, 100);
    const ValueId mean = b.codes(b.node("AveragePool", {joined}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}}), 0.06f, 100);
    const ValueId sigmoid = b.codes(b.node("Sigmoid", {mean}), 1.0f / 256, 0);
    b.output(b.codes(b.node("GlobalAveragePool", {sigmoid}), 1.0f / 256, 0));
    const Result result = expectSameInBothLayouts(b, Shape{2, 3, 13, 15});
    EXPECT_EQ(result.turns, 2);  // once in, once out
    EXPECT_EQ(result.floats, 0);
}

TEST(ChannelsLast, OperatorsThatNeedTheOldLayoutGetIt) {
    GraphBuilder b;
    const ValueId x = convolution(b, b.codes(b.input("x"), 0.03f, 128), Shape{8, 3, 3, 3});
    const ValueId flat = b.codes(b.node("Flatten", {x}), kScale, kZero);
    const ValueId turned = b.codes(b.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{0, 2, 3, 1}}}), kScale, kZero);
    const ValueId again = convolution(b, x, Shape{8, 1, 3, 3}, 8);
    b.output(flat);
    b.output(turned);
    b.output(b.codes(b.node("Add", {x, again}), kScale, kZero));
    b.output(x);
    EXPECT_EQ(expectSameInBothLayouts(b, Shape{1, 3, 9, 8}).floats, 0);
}

TEST(ChannelsLast, OneSpatialAxisIsAnImageToo) {
    GraphBuilder b;
    const ValueId x = convolution(b, b.codes(b.input("x"), 0.03f, 128), Shape{8, 3, 3, 3});
    b.output(convolution(b, x, Shape{8, 8, 3, 3}));
    GraphBuilder line;
    std::vector<float> scales;
    const ValueId w = line.weight(Shape{4, 3, 5}, scales), v = line.weight(Shape{6, 4, 1}, scales);
    const Attributes padded{{"pads", std::vector<std::int64_t>{2, 2}}};
    const ValueId first = line.codes(line.node("Conv", {line.codes(line.input("x"), 0.03f, 128), w}, padded), kScale, kZero);
    line.output(line.codes(line.node("Conv", {first, v}), kScale, kZero));
    EXPECT_EQ(expectSameInBothLayouts(b, Shape{1, 3, 9, 8}).turns, 2);
    EXPECT_EQ(expectSameInBothLayouts(line, Shape{2, 3, 40}).turns, 2);
}

}  // namespace

}  // namespace bitlathe
