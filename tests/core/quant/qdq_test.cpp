#include "core/quant/qdq.h"

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/qdq_weights.h"
#include "tests/core/formats/text_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace bitlathe {
namespace {

// "Q x; Conv(x' w' b') -> c; Q c": what stands where. x' is a dequantized value, constants of Q and DQ are left out.
std::string shapeOf(const Graph& graph) {
    std::map<ValueId, std::string> names;
    std::string text;
    const auto name = [&](ValueId id) { return id == kNoValue ? "-" : names.contains(id) ? names[id] : graph.value(id).name; };
    for (const Node& node : graph.nodes) {
        if (node.op == "DequantizeLinear") {
            std::string inner = name(node.input(0));
            for (const char* ending : {"_quantized"})
                if (inner.ends_with(ending)) inner.erase(inner.size() - std::string_view(ending).size());
            names[node.output(0)] = inner + "'";
            for (const ValueId output : graph.outputs)
                if (output == node.output(0)) text += "; out " + inner + "'";
            continue;
        }
        text += "; ";
        if (node.op == "QuantizeLinear") {
            text += "Q " + name(node.input(0));
            continue;
        }
        text += node.op + "(";
        for (std::size_t i = 0; i < node.inputs.size(); ++i) text += (i ? " " : "") + name(node.inputs[i]);
        text += ")";
        for (const ValueId output : node.outputs) text += " " + name(output);
    }
    return text.empty() ? text : text.substr(2);
}

constexpr const char* kImage = "input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: 1 } dim { dim_value: 2 } dim { dim_value: 4 } dim { dim_value: 4 } } } } }";
// A 1×1 convolution of 2 → 2 channels with a bias.
std::string conv(const std::string& name, const std::string& from, const std::string& to) {
    return "initializer { name: '" + name + ".w' dims: [2, 2, 1, 1] data_type: 1 float_data: [1, -2, 0.5, 0.25] } initializer { name: '" + name +
           ".b' dims: 2 data_type: 1 float_data: [0.5, -0.25] } node { name: '" + name + "' op_type: 'Conv' input: ['" + from + "', '" + name + ".w', '" + name +
           ".b'] output: '" + to + "' }";
}
std::string op(const std::string& type, const std::string& inputs, const std::string& to, const std::string& more = "") {
    return "node { name: '" + type + "_" + to + "' op_type: '" + type + "' input: [" + inputs + "] output: '" + to + "' " + more + " }";
}

struct Fixture {
    Model model;
    Recipe recipe;
    ActivationRanges ranges;
    Workers workers{1};
    JobContext job;

    explicit Fixture(const std::string& body, const char* preset = "int8") : model(readText(graphText(body, 21))), recipe(findPreset(preset)->recipe) {
        for (const Value& value : model.graph.values) ranges[value.name].range = {-1.0f, 2.0f};
    }
    QuantizedModel quantize(QdqOptions options = {}) { return quantizeModel(model, recipe, ranges, options, workers, job); }
};

std::string placed(const std::string& body, const char* preset = "int8") { return shapeOf(Fixture(body, preset).quantize().model.graph); }

TEST(Qdq, QuantizesInputWeightsBiasAndOutputOfAConvolution) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "y"));
    const QuantizedModel quantized = fixture.quantize();
    const Graph& graph = quantized.model.graph;
    EXPECT_EQ(shapeOf(graph), "Q x; Conv(x' c.w' c.b') y_float; Q y_float; out y'");
    EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
    const auto constant = [&](const char* name) -> const Tensor& { return *graph.constant(graph.find(name)); };
    EXPECT_EQ(constant("c.w_quantized"), Tensor::of(Shape{2, 2, 1, 1}, std::vector<std::int8_t>{64, -127, 127, 64}));
    const float x = 3.0f / 255.0f, w0 = 2.0f / 127.0f, w1 = 0.5f / 127.0f;
    EXPECT_EQ(constant("x_scale").as<float>()[0], x);
    EXPECT_EQ(constant("x_zero_point").as<std::uint8_t>()[0], 85);
    EXPECT_EQ(constant("c.b_scale"), Tensor::of(Shape{2}, std::vector<float>{x * w0, x * w1}));
    EXPECT_EQ(constant("c.b_quantized").as<std::int32_t>()[0], std::lround(0.5 / (double(x) * double(w0))));
    ASSERT_EQ(quantized.layers.size(), 1u);
    EXPECT_EQ(quantized.layers[0].asked, quantized.layers[0].got);
    EXPECT_TRUE(quantized.layers[0].reason.empty());
    EXPECT_EQ(quantized.activations.at("x").codes, "x_quantized");
    EXPECT_EQ(quantized.activations.at("y").codes, "y_quantized");
    EXPECT_TRUE(quantized.islands.empty());
    EXPECT_EQ(quantized.model.layers.at(0).name, fixture.model.layers.at(0).name);
}

TEST(Qdq, OnlyTheResultOfAFusedReluBecomesCodesAndItsZeroPointIsTheLowestCode) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "c") + op("Relu", "'c'", "y"));
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Q x; Conv(x' c.w' c.b') c; Relu(c) y_float; Q y_float; out y'");
    EXPECT_EQ(quantized.activations.at("y").params, (QuantParams{2.0f / 255.0f, 0, {0, 255}, ElementType::U8}));
    EXPECT_FALSE(quantized.activations.contains("c"));
}

TEST(Qdq, SymmetricActivationsAreStoredUnsignedAround128) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "c") + op("Relu", "'c'", "y"));
    fixture.recipe.defaults.activations->symmetric = true;
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(quantized.activations.at("x").params, (QuantParams{2.0f / 127.0f, 128, {1, 255}, ElementType::U8}));
    EXPECT_EQ(quantized.activations.at("y").params, (QuantParams{2.0f / 255.0f, 0, {0, 255}, ElementType::U8}));
}

TEST(Qdq, ClipNeverGetsAScaleBeyondItsEnd) {
    const std::string body = std::string(kImage) + "output { name: 'y' } initializer { name: 'lo' data_type: 1 float_data: 0 } initializer { name: 'hi' data_type: 1 float_data: 6 }" +
                             conv("c", "x", "c") + op("Clip", "'c', 'lo', 'hi'", "y");
    Fixture fixture(body);
    fixture.ranges["y"].range = {-3, 40};
    const QuantParams params = fixture.quantize().activations.at("y").params;
    EXPECT_LE(params.scale * 255.0f, 6.0f);
    EXPECT_GT(params.scale * 255.0f, 5.99f);
    EXPECT_EQ(params.zeroPoint, 0);
    fixture.ranges["y"].range = {0, 3};
    EXPECT_EQ(fixture.quantize().activations.at("y").params.scale, 3.0f / 255.0f);
}

TEST(Qdq, AClipThatEndsJustAboveZeroDoesNotTakeForever) {
    const std::string body = std::string(kImage) + "output { name: 'y' } initializer { name: 'lo' data_type: 1 float_data: 0 } initializer { name: 'hi' data_type: 1 float_data: 1e-36 }" +
                             conv("c", "x", "c") + op("Clip", "'c', 'lo', 'hi'", "y");
    Fixture fixture(body);
    const QuantParams params = fixture.quantize().activations.at("y").params;
    EXPECT_LE(params.scale * 255.0f, 1e-36f);
    EXPECT_GT(params.scale, 0.0f);
}

TEST(Qdq, ABiasOfTheWrongLengthKeepsTheLayerInFloat) {
    const std::string body = std::string(kImage) + "output { name: 'y' } initializer { name: 'w' dims: [2, 2, 1, 1] data_type: 1 float_data: [1, 2, 3, 4] }"
                             "initializer { name: 'b' dims: 5 data_type: 1 float_data: [1, 2, 3, 4, 5] }" + op("Conv", "'x', 'w', 'b'", "y");
    Fixture fixture(body);
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_FALSE(quantized.layers.at(0).got.activations.has_value());
    EXPECT_NE(quantized.layers.at(0).reason.find("bias"), std::string::npos);
}

TEST(Qdq, AResidualBlockComputesOnCodesThroughout) {
    const std::string body = std::string(kImage) + "output { name: 'y' }" + conv("a", "x", "a1") + op("Relu", "'a1'", "a2") + conv("b", "a2", "b1") +
                             op("Add", "'a2', 'b1'", "s") + op("Relu", "'s'", "r") + conv("d", "r", "y");
    EXPECT_EQ(placed(body), "Q x; Conv(x' a.w' a.b') a1; Relu(a1) a2; Q a2; Conv(a2' b.w' b.b') b1; Q b1; Add(a2' b1') s; Relu(s) r; Q r; "
                            "Conv(r' d.w' d.b') y_float; Q y_float; out y'");
}

TEST(Qdq, PassThroughOperatorsShareScaleAndZeroPoint) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("a", "x", "a1") +
                    op("MaxPool", "'a1'", "p", "attribute { name: 'kernel_shape' type: INTS ints: [2, 2] }") + conv("b", "p", "y"));
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Q x; Conv(x' a.w' a.b') a1; Q a1; MaxPool(a1') p; Q p; Conv(p' b.w' b.b') y_float; Q y_float; out y'");
    EXPECT_EQ(quantized.activations.at("a1").params, quantized.activations.at("p").params);
    EXPECT_FALSE(observedValues(fixture.model, fixture.recipe).contains("p"));
}

TEST(Qdq, QuantizesBeforeATransposeOfTheInput) {
    const std::string body = std::string(kImage) + "output { name: 'y' }" + op("Transpose", "'x'", "t", "attribute { name: 'perm' type: INTS ints: [0, 1, 3, 2] }") + conv("c", "t", "y");
    EXPECT_EQ(placed(body), "Q x; Transpose(x') t; Q t; Conv(t' c.w' c.b') y_float; Q y_float; out y'");
}

TEST(Qdq, LeavesTheInputAloneWhereFloatNodesReadItToo) {
    const std::string body = std::string(kImage) + "output { name: 'y' } output { name: 'z' }" + op("Tanh", "'x'", "z") + conv("c", "x", "y");
    EXPECT_EQ(placed(body), "Q x; Tanh(x) z; Conv(x' c.w' c.b') y_float; Q y_float; out y'");
}

TEST(Qdq, FloatReadersOfAnIntegerNodeReadTheDequantizedCodes) {
    Fixture fixture(std::string(kImage) + "output { name: 'z' }" + conv("c", "x", "c1") + op("Tanh", "'c1'", "t") + conv("d", "t", "z"));
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Q x; Conv(x' c.w' c.b') c1; Q c1; Tanh(c1') t; Q t; Conv(t' d.w' d.b') z_float; Q z_float; out z'");
    ASSERT_EQ(quantized.islands.size(), 1u);
    EXPECT_EQ(quantized.islands[0].op, "Tanh");
}

TEST(Qdq, OwnScaleOperatorsStayFloatWhenNothingBehindThemIsInteger) {
    const std::string body = std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "c1") + op("GlobalAveragePool", "'c1'", "g") + op("Softmax", "'g'", "y");
    EXPECT_EQ(placed(body), "Q x; Conv(x' c.w' c.b') c1; Q c1; GlobalAveragePool(c1') g; Softmax(g) y");
}

TEST(Qdq, ConcatKeepsAScalePerInput) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("a", "x", "a1") + conv("b", "x", "b1") +
                    op("Concat", "'a1', 'b1'", "k", "attribute { name: 'axis' type: INT i: 2 }") + conv("d", "k", "y"));
    fixture.ranges["b1"].range = {-8, 8};
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Q x; Conv(x' a.w' a.b') a1; Q a1; Conv(x' b.w' b.b') b1; Q b1; Concat(a1' b1') k; Q k; Conv(k' d.w' d.b') y_float; Q y_float; out y'");
    EXPECT_NE(quantized.activations.at("a1").params, quantized.activations.at("b1").params);
}

TEST(Qdq, AConstantOperandIsStoredAsCodesToo) {
    const std::string body = std::string(kImage) + "output { name: 'y' } initializer { name: 'half' data_type: 1 float_data: 0.5 }" + conv("a", "x", "a1") + op("Mul", "'a1', 'half'", "m") + conv("d", "m", "y");
    Fixture fixture(body);
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Q x; Conv(x' a.w' a.b') a1; Q a1; Mul(a1' half') m; Q m; Conv(m' d.w' d.b') y_float; Q y_float; out y'");
    EXPECT_EQ(quantized.model.graph.constant(quantized.model.graph.find("half_quantized"))->as<std::uint8_t>()[0], 255);
}

constexpr const char* kRow = "input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'n' } dim { dim_value: 3 } } } } }";

TEST(Qdq, StoresMatricesAsColumnsAreWantedAndLeavesTheLastResultFloat) {
    Fixture fixture(std::string(kRow) + "output { name: 'y' } initializer { name: 'w' dims: [2, 3] data_type: 1 float_data: [1, 2, 3, 4, 5, 6] }"
                    "initializer { name: 'b' dims: 2 data_type: 1 float_data: [1, 2] }" + op("Gemm", "'x', 'w', 'b'", "y", "attribute { name: 'transB' type: INT i: 1 }"));
    const QuantizedModel quantized = fixture.quantize();
    const Graph& graph = quantized.model.graph;
    EXPECT_EQ(shapeOf(graph), "Q x; Gemm(x' w' b') y");
    EXPECT_EQ(*graph.constant(graph.find("w_quantized")), Tensor::of(Shape{3, 2}, std::vector<std::int8_t>{42, 85, 85, 106, 127, 127}));
    const Node& gemm = graph.nodes.back();
    EXPECT_EQ(gemm.integer("transB", 0), 0);
    for (const Node& node : graph.nodes)
        if (node.name == "w_DequantizeLinear") {
            EXPECT_EQ(node.integer("axis", -1), 1);
        }
    QdqOptions asItIs;
    asItIs.linearAsMatMul = false;
    EXPECT_EQ(fixture.quantize(asItIs).model.graph.constant(graph.find("w_quantized"))->shape(), (Shape{2, 3}));
}

TEST(Qdq, AMatMulTakesItsBiasIntoTheGroup) {
    const std::string body = std::string(kRow) + "output { name: 'y' } initializer { name: 'w' dims: [3, 3] data_type: 1 float_data: [1, 2, 3, 4, 5, 6, 7, 8, 9] }"
        "initializer { name: 'v' dims: [3, 3] data_type: 1 float_data: [1, 2, 3, 4, 5, 6, 7, 8, 9] } initializer { name: 'b' dims: 3 data_type: 1 float_data: [1, 2, 3] }" +
        op("MatMul", "'x', 'w'", "m") + op("Add", "'m', 'b'", "a") + op("Relu", "'a'", "r") + op("MatMul", "'r', 'v'", "y");
    EXPECT_EQ(placed(body), "Q x; MatMul(x' w') m; Add(m b') a; Relu(a) r; Q r; MatMul(r' v') y");
}

TEST(Qdq, AnActivationBehindAGemmDoesNotPullItIntoFloat) {
    const std::string w = std::string(kRow) + "output { name: 'y' } initializer { name: 'w' dims: [3, 2] data_type: 1 float_data: [1, 2, 3, 4, 5, 6] }";
    EXPECT_EQ(placed(w + op("Gemm", "'x', 'w'", "g") + op("Sigmoid", "'g'", "y")), "Q x; Gemm(x' w') g; Q g; Sigmoid(g') y");
    EXPECT_EQ(placed(w + op("Gemm", "'x', 'w'", "g") + op("Relu", "'g'", "y")), "Q x; Gemm(x' w') g; Relu(g) y_float; Q y_float; out y'");
    EXPECT_EQ(placed(w + op("Gemm", "'x', 'w'", "g") + op("Softmax", "'g'", "y")), "Q x; Gemm(x' w') g; Softmax(g) y");
}

TEST(Qdq, WeightsAloneChangeNothingElse) {
    const std::string body = std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "c") + op("Relu", "'c'", "y");
    Fixture fixture(body, "int8-weights");
    fixture.ranges.clear();
    EXPECT_EQ(shapeOf(fixture.quantize().model.graph), "Conv(x c.w' c.b) c; Relu(c) y");
    EXPECT_TRUE(observedValues(fixture.model, fixture.recipe).empty());
}

TEST(Qdq, SaysWhyALayerComputesInFloat) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "y"));
    fixture.recipe.defaults.weights->granularity = PerGroup{1};
    LayerOutcome outcome = fixture.quantize().layers.at(0);
    EXPECT_FALSE(outcome.got.activations);
    EXPECT_NE(outcome.reason.find("groups of weights"), std::string::npos);
    fixture.recipe.defaults.weights->granularity = PerChannel{};
    fixture.recipe.defaults.weights->symmetric = false;
    outcome = fixture.quantize().layers.at(0);
    EXPECT_NE(outcome.reason.find("asymmetric weights by channel"), std::string::npos);
    fixture.recipe.defaults.weights->granularity = PerTensor{};
    EXPECT_TRUE(fixture.quantize().layers.at(0).got.activations);
}

TEST(Qdq, FloatLayersBehindCodesAreKeptFromBeingQuantizedByTheConsumer) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("a", "x", "a1") + conv("b", "a1", "b1") + conv("d", "b1", "y"));
    fixture.recipe.layers[fixture.model.layers.at(1).name] = Scheme{};
    const Graph graph = fixture.quantize().model.graph;
    EXPECT_EQ(shapeOf(graph), "Q x; Conv(x' a.w' a.b') a1; Q a1; Conv(a1' b.w b.b') b1; Q b1; Conv(b1' d.w' d.b') y_float; Q y_float; out y'");
    const Tensor codes = *graph.constant(graph.find("b.b_quantized")), scale = *graph.constant(graph.find("b.b_scale"));
    EXPECT_EQ(static_cast<float>(codes.as<std::int32_t>()[0]) * scale.as<float>()[0], 0.5f);
    EXPECT_EQ(static_cast<float>(codes.as<std::int32_t>()[1]) * scale.as<float>()[0], -0.25f);
}

TEST(Qdq, EveryNumberFormatGivesANetworkThatHoldsItsValues) {
    for (const Codec& codec : codecs()) {
        SCOPED_TRACE(std::string(codec.name));
        Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "y"), "int8-weights");
        QuantSpec& spec = *fixture.recipe.defaults.weights;
        spec.codec = codec.name;
        spec.bits = codec.maxBits;
        const auto issues = validate(fixture.recipe, fixture.model);
        if (std::any_of(issues.begin(), issues.end(), [](const Issue& issue) { return issue.level == Issue::Level::Error; })) continue;  // needs more than a name
        const QuantizedModel quantized = fixture.quantize();
        ASSERT_TRUE(quantized.layers.at(0).weights);
        const Tensor held = weightOf(quantized.model.graph, quantized.model.layers.at(0));
        EXPECT_EQ(held, dequantize(*quantized.layers.at(0).weights, fixture.workers));
    }
}

TEST(Qdq, RefusesWithoutCalibrationAndNamesTheValue) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "y"));
    fixture.ranges.erase("y");
    try {
        fixture.quantize();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Recipe);
        EXPECT_NE(error.message().find("'y'"), std::string::npos);
        EXPECT_NE(error.message().find("calibrate"), std::string::npos);
    }
}

TEST(Qdq, ObservesExactlyTheValuesThatNeedAScale) {
    const Fixture fixture(std::string(kImage) + "output { name: 'y' }" + conv("c", "x", "c") + op("Relu", "'c'", "y"));
    const auto observed = observedValues(fixture.model, fixture.recipe);
    ASSERT_EQ(observed.size(), 2u);
    EXPECT_TRUE(observed.contains("x"));
    EXPECT_TRUE(observed.contains("y"));
}

TEST(Qdq, ALargeBiasOnATinyChannelStillFits) {
    Fixture fixture(std::string(kImage) + "output { name: 'y' } initializer { name: 'w' dims: [2, 2, 1, 1] data_type: 1 float_data: [1e-12, 0, 1, 0.5] }"
                    "initializer { name: 'b' dims: 2 data_type: 1 float_data: [3, 1] }" + op("Conv", "'x', 'w', 'b'", "y"));
    const Graph graph = fixture.quantize().model.graph;
    const Tensor codes = *graph.constant(graph.find("b_quantized")), scales = *graph.constant(graph.find("b_scale"));
    for (std::size_t c = 0; c < 2; ++c)
        EXPECT_NEAR(static_cast<float>(codes.as<std::int32_t>()[c]) * scales.as<float>()[c], c == 0 ? 3.0f : 1.0f, 1e-4f);
}

TEST(Qdq, HalfPrecisionNetworksKeepTheirInterface) {
    const std::string half = "type { tensor_type { elem_type: 10 shape { dim { dim_value: 1 } dim { dim_value: 1 } dim { dim_value: 2 } dim { dim_value: 2 } } } }";
    Fixture fixture("input { name: 'x' " + half + " } output { name: 'y' " + half + " } initializer { name: 'w' dims: [1, 1, 1, 1] data_type: 10 int32_data: 15360 }" + op("Conv", "'x', 'w'", "y"));
    const QuantizedModel quantized = fixture.quantize();
    EXPECT_EQ(shapeOf(quantized.model.graph), "Cast(x) x_float32; Q x_float32; Conv(x_float32' w') y_float32; Q y_float32; Cast(y_float32') y");
    EXPECT_TRUE(quantized.activations.contains("x"));
    EXPECT_TRUE(quantized.activations.contains("y"));
    EXPECT_EQ(quantized.model.graph.value(quantized.model.graph.inputs[0]).type, ElementType::F16);
}

TEST(Qdq, TheSameWhateverTheNumberOfThreads) {
    const std::string body = std::string(kImage) + "output { name: 'y' }" + conv("a", "x", "a1") + conv("b", "a1", "y");
    Fixture fixture(body);
    Workers three(3);
    const QuantizedModel one = fixture.quantize(), other = quantizeModel(fixture.model, fixture.recipe, fixture.ranges, {}, three, fixture.job);
    EXPECT_EQ(one.model.graph.values, other.model.graph.values);
}

}  // namespace
}  // namespace bitlathe
