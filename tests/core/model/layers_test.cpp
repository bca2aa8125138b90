#include "core/model/layer.h"

#include <gtest/gtest.h>

#include <numeric>

namespace bitlathe {
namespace {

Tensor zeros(Shape shape) { return Tensor::of<float>(shape, std::vector<float>(static_cast<std::size_t>(shape.count()))); }

Graph oneNode(std::string op, std::string weightName, Tensor weight, Attributes attributes = {}) {
    Graph graph;
    const ValueId x = graph.addValue("x"), w = graph.addConstant(std::move(weightName), std::move(weight)), y = graph.addValue("y");
    graph.nodes.push_back({.name = "/net/fc/" + op, .op = op, .inputs = {x, w}, .outputs = {y}, .attributes = std::move(attributes)});
    graph.inputs = {x};
    graph.outputs = {y};
    return graph;
}

TEST(Layers, AConvolutionHasItsChannelsFirst) {
    const auto layers = findLayers(oneNode("Conv", "stem.weight", zeros({8, 3, 5, 5})));
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].name, "stem");
    EXPECT_EQ(layers[0].layout, (ChannelLayout{1, 8, 75}));
    EXPECT_TRUE(layers[0].quantizable);
}

TEST(Layers, AProductWhoseResultIsLeftOutIsStillALayer) {
    Graph graph = oneNode("MatMul", "fc.weight", zeros({4, 2}));
    graph.nodes[0].outputs.clear();
    EXPECT_EQ(findLayers(graph).size(), 1u);
}

TEST(Layers, AMatrixProductHasItsChannelsLast) {
    const auto layers = findLayers(oneNode("MatMul", "onnx::MatMul_12", zeros({16, 4})));
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].name, "net.fc");
    EXPECT_EQ(layers[0].layout, (ChannelLayout{16, 4, 1}));
    EXPECT_EQ(layers[0].channelAxis, 1);
    EXPECT_EQ(layers[0].reductionAxis, 0);
}

TEST(Layers, ATransposedGemmHasItsChannelsFirst) {
    const auto layers = findLayers(oneNode("Gemm", "fc.weight", zeros({10, 7}), {{"transB", Attribute(std::int64_t(1))}}));
    EXPECT_EQ(layers.at(0).layout, (ChannelLayout{1, 10, 7}));
}

TEST(Layers, ASharedWeightIsOneLayer) {
    Graph graph = oneNode("MatMul", "tied", zeros({4, 4}));
    const ValueId z = graph.addValue("z");
    graph.nodes.push_back({.name = "again", .op = "MatMul", .inputs = {graph.find("y"), graph.find("tied")}, .outputs = {z}});
    graph.outputs = {z};
    const auto layers = findLayers(graph);
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_NE(layers[0].note.find("again"), std::string::npos);
}

TEST(Layers, AnEmptyWeightIsNotQuantizable) {
    EXPECT_FALSE(findLayers(oneNode("MatMul", "w", zeros({0, 4}))).at(0).quantizable);
}

TEST(Layers, ADequantizedWeightShowsWhatItStores) {
    Graph graph = oneNode("MatMul", "w", zeros({2, 2}));
    const ValueId q = graph.addConstant("w_q", Tensor::of<std::int8_t>({2, 2}, std::vector<std::int8_t>{1, -2, 3, 4}));
    const ValueId s = graph.addConstant("s", Tensor::of<float>({2}, std::vector<float>{0.5f, 2.0f})), d = graph.addValue("d");
    graph.nodes.insert(graph.nodes.begin(), Node{.name = "dq", .op = "DequantizeLinear", .inputs = {q, s}, .outputs = {d},
                                                 .attributes = {{"axis", Attribute(std::int64_t(1))}}});
    graph.nodes[1].inputs[1] = d;
    const auto layers = findLayers(graph);
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].storedAs, "int8");
    EXPECT_FALSE(layers[0].quantizable);
    const Tensor weight = weightOf(graph, layers[0]);
    EXPECT_EQ(std::vector(weight.as<float>().begin(), weight.as<float>().end()), (std::vector<float>{0.5f, -4.0f, 1.5f, 8.0f}));
}

// An exported int4-g128 network listed 7 of its 16 layers: filters in groups are stored as matrices.
TEST(Layers, AFilterStoredAsAMatrixIsALayer) {
    Graph graph = oneNode("Conv", "w", zeros({2, 3, 1, 1}));
    const ValueId q = graph.addConstant("conv.weight_q", Tensor::of<std::int8_t>({2, 3}, std::vector<std::int8_t>{1, 2, 3, 4, 5, 6}));
    const ValueId s = graph.addConstant("s", Tensor::of<float>({2}, std::vector<float>{0.5f, 1.0f})), d = graph.addValue("d"), r = graph.addValue("r");
    const ValueId shape = graph.addConstant("shape", Tensor::of<std::int64_t>({4}, std::vector<std::int64_t>{2, 3, 1, 1}));
    graph.nodes.insert(graph.nodes.begin(), Node{.name = "reshape", .op = "Reshape", .inputs = {d, shape}, .outputs = {r}});
    graph.nodes.insert(graph.nodes.begin(), Node{.name = "dq", .op = "DequantizeLinear", .inputs = {q, s}, .outputs = {d},
                                                 .attributes = {{"axis", Attribute(std::int64_t(0))}}});
    graph.nodes[2].inputs[1] = r;
    const auto layers = findLayers(graph);
    ASSERT_EQ(layers.size(), 1u);
    EXPECT_EQ(layers[0].shape, (Shape{2, 3, 1, 1}));
    EXPECT_EQ(layers[0].storedAs, "int8");
    EXPECT_EQ(layers[0].bytes, 6 + 8);
    EXPECT_EQ(weightOf(graph, layers[0]).as<float>()[2], 1.5f);
}

TEST(ChannelLayout, GoesToChannelMajorAndBack) {
    const ChannelLayout layout{5, 130, 3};
    std::vector<float> values(5 * 130 * 3), major(values.size()), back(values.size());
    std::iota(values.begin(), values.end(), 0.0f);
    toChannelMajor(layout, values, major);
    EXPECT_EQ(major[0], 0.0f);
    EXPECT_EQ(major[3], 390.0f);       // channel 0, outer 1
    EXPECT_EQ(major[15], 3.0f);        // channel 1, outer 0
    fromChannelMajor(layout, major, back);
    EXPECT_EQ(values, back);
}

}  // namespace
}  // namespace bitlathe
