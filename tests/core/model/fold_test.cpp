#include "core/model/fold.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

Tensor floats(Shape shape, std::vector<float> values) { return Tensor::of(std::move(shape), values); }

// A network of nodes in a row: x → … → y, built by hand.
struct Row {
    Model model;
    ValueId last;
    Row() {
        last = model.graph.addValue("x");
        model.graph.inputs = {last};
    }
    ValueId constant(const char* name, Tensor tensor) { return model.graph.addConstant(name, std::move(tensor)); }
    Node& add(const char* op, std::vector<ValueId> constants, Attributes attributes = {}) {
        Node node;
        node.op = op;
        node.name = std::string(op) + std::to_string(model.graph.nodes.size());
        node.inputs = {last};
        node.inputs.insert(node.inputs.end(), constants.begin(), constants.end());
        last = model.graph.addValue(node.name + "_out");
        node.outputs = {last};
        node.attributes = std::move(attributes);
        model.graph.nodes.push_back(std::move(node));
        return model.graph.nodes.back();
    }
    // γ = 2, 4; β = 1, −1; μ = 3, 5; σ² + ε = 4, 16.
    void addNorm() {
        add("BatchNormalization", {constant("gamma", floats({2}, {2, 4})), constant("beta", floats({2}, {1, -1})),
                                   constant("mean", floats({2}, {3, 5})), constant("variance", floats({2}, {3, 15}))}, {{"epsilon", 1.0f}});
    }
    void finish() {
        model.graph.outputs = {last};
        fold(model);
    }
    std::vector<float> input(std::size_t i) const {
        const Tensor tensor = toFloat32(*model.graph.constant(model.graph.nodes[0].input(i)));
        return {tensor.as<float>().begin(), tensor.as<float>().end()};
    }
};

TEST(Fold, PutsABatchNormalisationIntoTheConvolutionBeforeIt) {
    Row row;
    row.add("Conv", {row.constant("w", floats({2, 1, 1, 2}, {1, 2, 3, 4})), row.constant("b", floats({2}, {10, 20}))});
    row.addNorm();
    row.finish();
    ASSERT_EQ(row.model.graph.nodes.size(), 1u);
    EXPECT_EQ(row.input(1), (std::vector<float>{1, 2, 3, 4}));  // scales are 2/2 and 4/4
    EXPECT_EQ(row.input(2), (std::vector<float>{10 - 3 + 1, 20 - 5 - 1}));
    EXPECT_EQ(row.model.graph.outputs[0], row.model.graph.nodes[0].output(0));
    EXPECT_EQ(row.model.graph.value(row.model.graph.nodes[0].output(0)).name, "BatchNormalization1_out");
    EXPECT_EQ(row.model.notes, (std::vector<std::string>{"1 × BatchNormalization folded into the layer before it"}));
    ASSERT_EQ(row.model.layers.size(), 1u);
    EXPECT_EQ(row.model.layers[0].parameters, 6);
}

TEST(Fold, MakesABiasWhereThereWasNone) {
    Row row;
    row.add("Conv", {row.constant("w", floats({2, 1, 1, 1}, {1, 2}))});
    row.addNorm();
    row.finish();
    EXPECT_EQ(row.input(2), (std::vector<float>{-2, -6}));
}

TEST(Fold, FindsTheChannelsOfGroupedTransposedConvolutions) {
    Row row;  // [I = 2, O/group = 1, 1, 1] with two groups: input i makes output i
    row.add("ConvTranspose", {row.constant("w", floats({2, 1, 1, 1}, {1, 1}))}, {{"group", std::int64_t(2)}});
    row.addNorm();
    row.model.graph.values[static_cast<std::size_t>(row.model.graph.find("gamma"))].constant = floats({2}, {2, 8});
    row.finish();
    EXPECT_EQ(row.input(1), (std::vector<float>{1, 2}));
}

TEST(Fold, FindsTheChannelsOfBothMatrixLayouts) {
    for (const std::int64_t transposed : {0, 1}) {
        Row row;
        row.add("Gemm", {row.constant("w", floats({2, 2}, {1, 1, 1, 1}))}, {{"transB", transposed}});
        row.addNorm();
        row.model.graph.values[static_cast<std::size_t>(row.model.graph.find("gamma"))].constant = floats({2}, {2, 8});
        row.finish();
        EXPECT_EQ(row.input(1), transposed ? (std::vector<float>{1, 1, 2, 2}) : (std::vector<float>{1, 2, 1, 2}));
    }
}

TEST(Fold, LeavesWhatSomebodyElseReads) {
    Row row;
    row.add("Conv", {row.constant("w", floats({2, 1, 1, 1}, {1, 2}))});
    const ValueId between = row.last;
    row.addNorm();
    row.model.graph.outputs = {between, row.last};
    fold(row.model);
    EXPECT_EQ(row.model.graph.nodes.size(), 2u);
    EXPECT_TRUE(row.model.notes.empty());
}

TEST(Fold, LeavesASharedFilterToItsOtherReader) {
    Row row;
    const ValueId w = row.constant("w", floats({2, 2, 1, 1}, {1, 1, 1, 1}));
    row.add("Conv", {w});
    row.addNorm();
    row.model.graph.values[static_cast<std::size_t>(row.model.graph.find("gamma"))].constant = floats({2}, {4, 4});
    row.add("Conv", {w});
    row.finish();
    EXPECT_EQ(row.input(1), (std::vector<float>{2, 2, 1, 1}));
    EXPECT_EQ(*row.model.graph.constant(w), floats({2, 2, 1, 1}, {1, 1, 1, 1}));
}

TEST(Fold, RoundsHalfPrecisionOnce) {
    Row row;
    std::byte* to = nullptr;
    Tensor half = Tensor::allocate(ElementType::F16, Shape{2, 1, 1, 1}, to);
    const std::uint16_t ones[2] = {0x3c00, 0x3c00};
    std::copy_n(reinterpret_cast<const std::byte*>(ones), 4, to);
    row.add("Conv", {row.constant("w", std::move(half))});
    row.addNorm();
    row.model.graph.values[static_cast<std::size_t>(row.model.graph.find("gamma"))].constant = floats({2}, {2.0f / 3.0f, 4});
    row.finish();
    EXPECT_EQ(row.model.graph.constant(row.model.graph.nodes[0].input(1))->type(), ElementType::F16);
    EXPECT_NEAR(row.input(1)[0], 1.0f / 3.0f, 1e-4f);
}

TEST(Fold, RemovesIdentityAndDropoutButKeepsOutputs) {
    Row row;
    row.add("Identity", {});
    row.add("Relu", {});
    row.add("Dropout", {});
    row.add("Abs", {});
    row.add("Identity", {});
    row.finish();
    ASSERT_EQ(row.model.graph.nodes.size(), 3u);
    EXPECT_EQ(row.model.graph.nodes[0].op, "Relu");
    EXPECT_EQ(row.model.graph.nodes[0].inputs, row.model.graph.inputs);
    EXPECT_EQ(row.model.graph.nodes[1].op, "Abs");
    EXPECT_EQ(row.model.graph.nodes[2].op, "Identity");
}

TEST(Fold, ChangesNothingTheSecondTime) {
    Row row;
    row.add("Conv", {row.constant("w", floats({2, 1, 1, 1}, {1, 2}))});
    row.addNorm();
    row.addNorm();
    row.finish();
    const auto once = row.model.graph;
    EXPECT_EQ(once.nodes.size(), 1u);
    const auto notes = row.model.notes;
    fold(row.model);
    EXPECT_EQ(row.model.notes, notes);
    EXPECT_EQ(row.model.graph.values, once.values);
}

TEST(Fold, LeavesTrainingModeAlone) {
    Row row;
    row.add("Conv", {row.constant("w", floats({2, 1, 1, 1}, {1, 2}))});
    row.addNorm();
    row.model.graph.nodes.back().attributes["training_mode"] = std::int64_t(1);
    row.finish();
    EXPECT_EQ(row.model.graph.nodes.size(), 2u);
}

TEST(Fold, ADamagedNodeWithoutItsInputIsLeftAlone) {
    Row row;
    row.addNorm();
    row.model.graph.nodes[0].inputs[0] = kNoValue;
    row.add("Dropout", {kNoValue, row.constant("training", Tensor::of<bool>({0}, std::span<const bool>()))});
    row.add("Abs", {});
    row.finish();
    EXPECT_EQ(row.model.graph.nodes.size(), 3u);
}

}  // namespace
}  // namespace bitlathe
