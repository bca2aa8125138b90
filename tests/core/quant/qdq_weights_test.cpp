#include "core/quant/qdq_weights.h"

#include "core/quant/codec.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/model/layer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe {
namespace {

struct Case {
    const char* name;
    Shape shape;
    ChannelLayout layout;
    int channelAxis;
};

// What the emitted nodes compute, by the meaning of DequantizeLinear, Reshape and Transpose.
Tensor evaluate(const Graph& graph, ValueId value) {
    for (const Node& node : graph.nodes) {
        if (node.output(0) != value) continue;
        if (node.op == "DequantizeLinear") {
            Layer layer;
            layer.weight = value;
            return weightOf(graph, layer);
        }
        const Tensor x = evaluate(graph, node.input(0));
        if (node.op == "Reshape") return x.reshaped(Shape(toInt64(*graph.constant(node.input(1)))));
        const auto perm = node.integers("perm");
        std::vector<std::int64_t> dims;
        for (const auto axis : perm) dims.push_back(x.shape()[static_cast<int>(axis)]);
        const Shape out(dims);
        const auto from = stridesOf(x.shape()), to = stridesOf(out);
        std::vector<float> values(static_cast<std::size_t>(x.count()));
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::int64_t at = 0;
            for (std::size_t a = 0; a < perm.size(); ++a)
                at += static_cast<std::int64_t>(i) / to[a] % out[static_cast<int>(a)] * from[static_cast<std::size_t>(perm[a])];
            values[i] = x.as<float>()[static_cast<std::size_t>(at)];
        }
        return Tensor::of(out, values);
    }
    ADD_FAILURE() << "no node makes the value";
    return {};
}

class EmitWeight : public testing::TestWithParam<Case> {};

TEST_P(EmitWeight, GivesBackWhatTheCodesMeanInEveryForm) {
    const Case& c = GetParam();
    std::vector<float> values(static_cast<std::size_t>(c.shape.count()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919 + 13) % 101) / 10.0f - 4.0f;
    const Tensor weight = Tensor::of(c.shape, values);
    Workers workers(1);
    JobContext job;
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{3}), Granularity(PerGroup{4}), Granularity(PerGroup{1000})})
        for (const int bits : {1, 2, 3, 4, 5, 8, 16})
            for (const bool symmetric : {true, false})
                for (const bool integer : {true, false}) {
                    QuantSpec spec;
                    spec.bits = bits;
                    spec.symmetric = symmetric;
                    spec.granularity = granularity;
                    const QuantizedTensor quantized = quantizeWeights(weight, c.layout, spec, workers, job);
                    Graph graph;
                    GraphEdit edit(graph);
                    const ValueId out = emitWeight(edit, "w", quantized, {integer, false, c.channelAxis});
                    edit.finish();
                    const Tensor got = evaluate(graph, out), expected = dequantize(quantized, workers);
                    ASSERT_EQ(got.shape(), c.shape);
                    ASSERT_EQ(got, expected) << bits << " bits, granularity " << granularity.index() << ", symmetric " << symmetric;
                    const ElementType container = graph.constant(graph.find("w_quantized"))->type();
                    ASSERT_EQ(bitsOf(container), bits > 8 ? 16 : bits <= 4 && !integer ? 4 : 8);
                }
}

// Formats beside integers whose codes are affine take the same way.
TEST_P(EmitWeight, GivesBackOtherAffineFormats) {
    const Case& c = GetParam();
    std::vector<float> values(static_cast<std::size_t>(c.shape.count()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(float(i) * 1.7f);
    const Tensor weight = Tensor::of(c.shape, values);
    Workers workers(1);
    JobContext job;
    int rows = 0;
    for (const Codec& codec : codecs()) {
        QuantSpec spec;
        spec.codec = codec.name;
        spec.bits = codec.minBits;
        if (!codec.decodesAffine || spec.codec == "int") continue;
        ++rows;
        const QuantizedTensor quantized = quantizeWeights(weight, c.layout, spec, workers, job);
        Graph graph;
        GraphEdit edit(graph);
        const ValueId out = emitWeight(edit, "w", quantized, {false, false, c.channelAxis});
        edit.finish();
        ASSERT_EQ(evaluate(graph, out), dequantize(quantized, workers)) << codec.name;
    }
    EXPECT_EQ(rows, 3);  // ternary, BitNet, MXINT8
}

INSTANTIATE_TEST_SUITE_P(Of, EmitWeight, testing::Values(
    Case{"Conv", {4, 3, 3, 3}, {1, 4, 27}, 0}, Case{"DepthwiseConv", {6, 1, 3, 3}, {1, 6, 9}, 0}, Case{"ConvTranspose", {3, 4, 2, 2}, {3, 4, 4}, 1},
    Case{"MatMul", {10, 5}, {10, 5, 1}, 1}, Case{"GemmTransposed", {5, 10}, {1, 5, 10}, 0}, Case{"StackOfMatrices", {2, 5, 3}, {10, 3, 1}, 2},
    Case{"Lstm", {2, 8, 5}, {1, 16, 5}, 1}, Case{"OneChannel", {1, 7}, {1, 1, 7}, 0}), [](const auto& info) { return std::string(info.param.name); });

TEST(EmitWeight, TransposesRowsToColumns) {
    const Tensor weight = Tensor::of(Shape{2, 4}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    Workers workers(1);
    JobContext job;
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{2}), Granularity(PerGroup{3})}) {
        QuantSpec spec;
        spec.granularity = granularity;
        const QuantizedTensor quantized = quantizeWeights(weight, {1, 2, 4}, spec, workers, job);
        Graph graph;
        GraphEdit edit(graph);
        const ValueId out = emitWeight(edit, "w", quantized, {false, true, 0});
        edit.finish();
        ASSERT_EQ(graph.nodes.size(), 1u);
        const Tensor got = evaluate(graph, out), expected = dequantize(quantized, workers);
        ASSERT_EQ(got.shape(), (Shape{4, 2}));
        for (std::size_t r = 0; r < 2; ++r)
            for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(got.as<float>()[k * 2 + r], expected.as<float>()[r * 4 + k]);
    }
}

}  // namespace
}  // namespace bitlathe
