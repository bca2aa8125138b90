#include "tests/core/formats/text_model.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

struct Case {
    const char* name;
    int opset;
    const char* shape;  // of input x, as dims
    const char* node;   // the node's op_type and attributes
    const char* expected;
};

class Upgrade : public testing::TestWithParam<Case> {};

TEST_P(Upgrade, SaysTheSameInTodaysWords) {
    const Case& c = GetParam();
    std::string dims, text = c.shape;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(','), text.size());
        dims += "dim { dim_value: " + text.substr(0, end) + " } ";
        text = end < text.size() ? text.substr(end + 1) : "";
    }
    const std::string type = "type { tensor_type { elem_type: 1 shape { " + dims + "} } }";
    const Model model = readText(graphText(
        "input { name: 'x' " + type + " } output { name: 'y' }"
        "initializer { name: 'c' dims: 3 data_type: 1 float_data: [1, 2, 3] }"
        "node { name: 'n' output: 'y' " + std::string(c.node) + " }", c.opset));
    EXPECT_EQ(describe(model.graph), c.expected);
}

const Case kCases[] = {
    {"SqueezeAxes", 11, "1,3,1", "op_type: 'Squeeze' input: 'x' attribute { name: 'axes' type: INTS ints: [0, 2] }", "Squeeze(x, [0 2]) -> y"},
    {"SqueezeWithoutAxes", 11, "1,3,1", "op_type: 'Squeeze' input: 'x'", "Squeeze(x) -> y"},
    {"UnsqueezeAxes", 9, "3", "op_type: 'Unsqueeze' input: 'x' attribute { name: 'axes' type: INTS ints: [0] }", "Unsqueeze(x, [0]) -> y"},
    {"ReduceMeanAxes", 13, "2,3", "op_type: 'ReduceMean' input: 'x' attribute { name: 'axes' type: INTS ints: [1] } attribute { name: 'keepdims' type: INT i: 0 }",
     "ReduceMean(x, [1], keepdims=0) -> y"},
    {"ReduceSumAxes", 12, "2,3", "op_type: 'ReduceSum' input: 'x' attribute { name: 'axes' type: INTS ints: [1] }", "ReduceSum(x, [1]) -> y"},
    {"ClipBothEnds", 6, "2", "op_type: 'Clip' input: 'x' attribute { name: 'min' type: FLOAT f: 0 } attribute { name: 'max' type: FLOAT f: 6 }", "Clip(x, 0, 6) -> y"},
    {"ClipUpperEndOnly", 6, "2", "op_type: 'Clip' input: 'x' attribute { name: 'max' type: FLOAT f: 6 }", "Clip(x, -, 6) -> y"},
    {"SliceAttributes", 9, "4,4", "op_type: 'Slice' input: 'x' attribute { name: 'starts' type: INTS ints: [1] } attribute { name: 'ends' type: INTS ints: [3] }"
     " attribute { name: 'axes' type: INTS ints: [1] }", "Slice(x, [1], [3], [1]) -> y"},
    {"PadAttributes", 2, "2", "op_type: 'Pad' input: 'x' attribute { name: 'pads' type: INTS ints: [1, 1] } attribute { name: 'value' type: FLOAT f: 2 }", "Pad(x, [1 1], 2) -> y"},
    {"SplitAttribute", 11, "4", "op_type: 'Split' input: 'x' attribute { name: 'split' type: INTS ints: [4] }", "Split(x, [4]) -> y"},
    {"SplitWithoutSizes", 13, "4", "op_type: 'Split' input: 'x'", "Split(x, num_outputs=1) -> y"},
    {"TopKAttribute", 9, "4", "op_type: 'TopK' input: 'x' attribute { name: 'k' type: INT i: 2 }", "TopK(x, [2]) -> y"},
    {"UpsampleAttribute", 7, "1,1,2,2", "op_type: 'Upsample' input: 'x' attribute { name: 'mode' type: STRING s: 'nearest' } attribute { name: 'scales' type: FLOATS floats: [1, 1, 2, 2] }",
     "Resize(x, -, [1 1 2 2], coordinate_transformation_mode=asymmetric, mode=nearest, nearest_mode=floor) -> y"},
    {"UpsampleInput", 9, "1,1,2", "op_type: 'Upsample' input: 'x' input: 'c' attribute { name: 'mode' type: STRING s: 'linear' }",
     "Resize(x, -, [1 2 3], coordinate_transformation_mode=asymmetric, mode=linear) -> y"},
    {"ResizeOfOpset10", 10, "1,1,2", "op_type: 'Resize' input: 'x' input: 'c'",
     "Resize(x, -, [1 2 3], coordinate_transformation_mode=asymmetric, mode=nearest, nearest_mode=floor) -> y"},
    {"DropoutRatio", 7, "2", "op_type: 'Dropout' input: 'x' attribute { name: 'ratio' type: FLOAT f: 0.5 }", "Dropout(x) -> y"},
    {"BatchNormalizationOutputs", 9, "1,3,2,2", "output: 'm' output: 'v' op_type: 'BatchNormalization' input: ['x', 'c', 'c', 'c', 'c']",
     "BatchNormalization(x, [1 2 3], [1 2 3], [1 2 3], [1 2 3]) -> y"},
    {"SoftmaxOnTheLastAxis", 11, "2,3", "op_type: 'Softmax' input: 'x'", "Softmax(x, axis=1) -> y"},
    {"SoftmaxWithOnesAfterTheAxis", 7, "1,1000,1,1", "op_type: 'Softmax' input: 'x'", "Softmax(x, axis=1) -> y"},
    {"SoftmaxOverSeveralAxes", 11, "2,3,4", "op_type: 'Softmax' input: 'x'",
     "Shape(x) -> n_shape; Flatten(x, axis=1) -> n_flat; Softmax(n_flat, axis=-1) -> n_2d; Reshape(n_2d, n_shape, allowzero=1) -> y"},
    {"SoftmaxOfOpset13", 13, "2,3,4", "op_type: 'Softmax' input: 'x' attribute { name: 'axis' type: INT i: 1 }", "Softmax(x, axis=1) -> y"},
    {"AddAlongAnAxis", 6, "2,3,4", "op_type: 'Add' input: 'x' input: 'c' attribute { name: 'broadcast' type: INT i: 1 } attribute { name: 'axis' type: INT i: 1 }", "Add(x, [1 2 3]) -> y"},
    {"GemmBroadcast", 6, "2,3", "op_type: 'Gemm' input: ['x', 'x', 'c'] attribute { name: 'broadcast' type: INT i: 1 }", "Gemm(x, x, [1 2 3]) -> y"},
    {"ScatterRenamed", 9, "3", "op_type: 'Scatter' input: ['x', 'x', 'c']", "ScatterElements(x, x, [1 2 3]) -> y"},
    {"GridSampleMode", 16, "1,1,2,2", "op_type: 'GridSample' input: ['x', 'x']", "GridSample(x, x, mode=linear) -> y"},
    {"RoiAlignMode", 10, "1,1,2,2", "op_type: 'RoiAlign' input: ['x', 'x', 'c']", "RoiAlign(x, x, [1 2 3], coordinate_transformation_mode=output_half_pixel) -> y"},
};
INSTANTIATE_TEST_SUITE_P(Of, Upgrade, testing::ValuesIn(kCases), [](const auto& info) { return std::string(info.param.name); });

TEST(UpgradeBroadcast, PutsTheVectorOnTheNamedAxis) {
    const Model model = readText(graphText(
        "input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: 2 } dim { dim_value: 3 } dim { dim_value: 4 } } } } } output { name: 'y' }"
        "initializer { name: 'c' dims: 3 data_type: 1 float_data: [1, 2, 3] }"
        "node { op_type: 'Mul' input: ['x', 'c'] output: 'y' attribute { name: 'broadcast' type: INT i: 1 } attribute { name: 'axis' type: INT i: 1 } }", 6));
    EXPECT_EQ(model.graph.constant(model.graph.nodes[0].input(1))->shape(), (Shape{3, 1}));
    ASSERT_EQ(model.notes.size(), 2u);
    EXPECT_EQ(model.notes[1], "1 × Mul: the broadcasting axis became axes of extent 1 (opset 6)");
}

TEST(UpgradeTypes, ClipOfHalfPrecisionGetsHalfPrecisionEnds) {
    const Model model = readText(graphText("input { name: 'x' type { tensor_type { elem_type: 10 shape { dim { dim_value: 2 } } } } } output { name: 'y' }"
        "node { op_type: 'Clip' input: 'x' output: 'y' attribute { name: 'max' type: FLOAT f: 6 } }", 10));
    const Tensor& end = *model.graph.constant(model.graph.nodes[0].input(2));
    EXPECT_EQ(end.type(), ElementType::F16);
    EXPECT_EQ(toFloat32(end).as<float>()[0], 6.0f);
}

TEST(UpgradeGroupNormalization, SpreadsTheScalesOverTheChannels) {
    const Model model = readText(graphText(
        "input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: 1 } dim { dim_value: 6 } dim { dim_value: 4 } } } } } output { name: 'y' }"
        "initializer { name: 'c' dims: 3 data_type: 1 float_data: [1, 2, 3] }"
        "node { op_type: 'GroupNormalization' input: ['x', 'c', 'c'] output: 'y' attribute { name: 'num_groups' type: INT i: 3 } }", 18));
    const Tensor& scale = *model.graph.constant(model.graph.nodes[0].input(1));
    EXPECT_EQ(scale, Tensor::of(Shape{6}, std::vector<float>{1, 1, 2, 2, 3, 3}));
}

}  // namespace
}  // namespace bitlathe
