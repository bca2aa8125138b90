#include "core/engine/blas.h"
#include "core/engine/fuse_integer.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace bitlathe {

namespace {

// Conv + Relu → depthwise Conv → Add → average → Gemm, all between codes.
std::shared_ptr<const Model> quantizedNetwork(std::uint8_t zeroAfterRelu = 0) {
    GraphBuilder b;
    std::vector<float> scales;
    const ValueId x = b.codes(b.input("x"), 0.03f, 128);
    ValueId w = b.weight(Shape{24, 3, 3, 3}, scales);
    const Attributes padded{{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}};
    const ValueId first = b.codes(b.node("Relu", {b.node("Conv", {x, w, b.bias(0.03f, scales)}, padded)}), 0.05f, zeroAfterRelu);
    w = b.weight(Shape{24, 1, 3, 3}, scales);
    Attributes depthwise = padded;
    depthwise["group"] = std::int64_t(24);
    const ValueId second = b.codes(b.node("Conv", {first, w}, depthwise), 0.02f, 117);
    const ValueId sum = b.codes(b.node("Add", {first, second}), 0.06f, 90);
    const ValueId mean = b.codes(b.node("GlobalAveragePool", {sum}), 0.06f, 90);
    const ValueId flat = b.codes(b.node("Flatten", {mean}), 0.06f, 90);
    w = b.weight(Shape{10, 24}, scales);
    b.output(b.codes(b.node("Gemm", {flat, w, b.bias(0.06f, scales)}, {{"transB", std::int64_t(1)}}), 0.04f, 128));
    return b.model();
}

Machine machineOf(Isa isa) { return {isa, Blas::plain()}; }

std::vector<std::string> operatorsOf(const Executable& executable) {
    std::vector<std::string> ops;
    for (const Step& step : executable.steps()) ops.push_back(step.placement.op);
    return ops;
}

TEST(FuseInteger, LeavesNoFloatOperatorBetweenCodes) {
    const auto executable = Executable::compile(quantizedNetwork(), {.machine = machineOf(Isa::Reference), .integer = true});
    const auto ops = operatorsOf(*executable);
    for (const char* gone : {"Conv", "Relu", "Add", "GlobalAveragePool", "Gemm"}) EXPECT_EQ(std::count(ops.begin(), ops.end(), gone), 0) << gone;
    EXPECT_EQ(std::count(ops.begin(), ops.end(), "QuantizeLinear"), 1);
    EXPECT_EQ(std::count(ops.begin(), ops.end(), "DequantizeLinear"), 1);
    EXPECT_EQ(std::count(ops.begin(), ops.end(), "com.microsoft.QLinearConv"), 2);
    for (const Step& step : executable->steps()) EXPECT_EQ(step.placement.reason, "") << step.placement.node;
}

// TensorFlow's converter writes beta = 0 where there is no bias; ONNX Runtime fuses that to QGemm.
TEST(FuseInteger, BetaCountsOnlyWhereThereIsABias) {
    for (const bool withBias : {false, true}) {
        GraphBuilder b;
        std::vector<float> scales;
        std::vector<ValueId> inputs{b.codes(b.input("x"), 0.03f, 128), b.weight(Shape{10, 24}, scales)};
        if (withBias) inputs.push_back(b.bias(0.03f, scales));
        b.output(b.node("Gemm", inputs, {{"transB", std::int64_t(1)}, {"beta", 0.0f}}));
        const auto ops = operatorsOf(*Executable::compile(b.model(), {.machine = machineOf(Isa::Reference), .integer = true}));
        EXPECT_EQ(ops.back(), withBias ? "Gemm" : "com.microsoft.QGemm");
    }
}

TEST(FuseInteger, DiffersFromTheSimulationByAtMostOneStep) {
    const auto model = quantizedNetwork();
    GraphBuilder data(7);
    const std::vector<Tensor> inputs{data.random(Shape{3, 3, 9, 11})};
    const Machine machine = machineOf(Isa::Reference);
    const auto simulated = runOnce(*Executable::compile(model, {.machine = machine}), inputs)[0];
    const auto integer = runOnce(*Executable::compile(model, {.machine = machine, .integer = true}), inputs)[0];
    ASSERT_EQ(simulated.shape(), integer.shape());
    int different = 0;
    for (std::size_t i = 0; i < simulated.as<float>().size(); ++i) {
        const float steps = std::abs(simulated.as<float>()[i] - integer.as<float>()[i]) / 0.04f;
        EXPECT_LT(steps, 1.01f);
        if (steps > 0.5f) ++different;
    }
    EXPECT_LE(different, 3);  // of 30
}

TEST(FuseInteger, GivesTheSameBitsOnEveryInstructionSetThreadCountAndLayout) {
    const auto model = quantizedNetwork();
    GraphBuilder data(8);
    const std::vector<Tensor> inputs{data.random(Shape{2, 3, 17, 13})};
    const auto expected = runOnce(*Executable::compile(model, {.machine = machineOf(Isa::Reference), .integer = true}), inputs)[0];
    for (const Isa isa : isasUpTo(detectIsa()))
        for (const bool fuse : {true, false})
            for (const int threads : {1, 3}) {
                const auto executable = Executable::compile(model, {.machine = machineOf(isa), .integer = true, .fuse = fuse});
                EXPECT_EQ(runOnce(*executable, inputs, threads)[0], expected) << isaName(isa) << " fuse " << fuse << " threads " << threads;
            }
}

TEST(FuseInteger, SaysWhyAReluThatCutsCodesKeepsItsConvolutionInFloat) {
    const auto executable = Executable::compile(quantizedNetwork(40), {.machine = machineOf(Isa::Reference), .integer = true, .fuse = false});
    int reasons = 0;
    for (const Step& step : executable->steps()) {
        if (step.placement.op == "Relu") {
            EXPECT_NE(step.placement.reason.find("zero point"), std::string::npos);
        }
        if (!step.placement.reason.empty()) ++reasons;
    }
    EXPECT_GE(reasons, 2);  // the Relu and its convolution
}

TEST(FuseInteger, RefusesABiasInOtherUnits) {
    GraphBuilder b;
    std::vector<float> scales;
    const ValueId x = b.codes(b.input("x"), 0.03f, 128);
    const ValueId w = b.weight(Shape{8, 4, 1, 1}, scales);
    b.output(b.codes(b.node("Conv", {x, w, b.bias(0.04f, scales)}), 0.05f, 100));
    const auto executable = Executable::compile(b.model(), {.machine = machineOf(Isa::Reference), .integer = true});
    const auto& steps = executable->steps();
    const auto conv = std::find_if(steps.begin(), steps.end(), [](const Step& step) { return step.placement.op == "Conv"; });
    ASSERT_NE(conv, steps.end());
    EXPECT_NE(conv->placement.reason.find("bias scale"), std::string::npos);
}

TEST(FuseInteger, TurnsAFloatBiasIntoInt32) {
    GraphBuilder b;
    std::vector<float> scales;
    const ValueId x = b.codes(b.input("x"), 0.03f, 128);
    const ValueId w = b.weight(Shape{4, 4, 1, 1}, scales);
    b.output(b.codes(b.node("Conv", {x, w, b.constant(Tensor::of(Shape{4}, std::vector<float>{0.5f, -1.0f, 0.0f, 2.0f}))}), 0.05f, 100));
    const auto executable = Executable::compile(b.model(), {.machine = machineOf(Isa::Reference), .integer = true, .fuse = false});
    const auto ops = operatorsOf(*executable);
    EXPECT_EQ(std::count(ops.begin(), ops.end(), "QLinearConv"), 1);
    const Tensor zeros = Tensor::of(Shape{1, 4, 2, 2}, std::vector<float>(16, 0.0f));
    const Tensor result = runOnce(*executable, {zeros})[0];
    const auto y = result.as<float>();
    EXPECT_NEAR(y[0], 0.5f, 0.03f);
    EXPECT_NEAR(y[4], -1.0f, 0.03f);
    EXPECT_NEAR(y[12], 2.0f, 0.03f);
}

TEST(FuseInteger, RunsWeightsOfFourBitsAsBytes) {
    for (const ElementType type : {ElementType::I4, ElementType::U4}) {
        GraphBuilder b;
        const ValueId x = b.codes(b.input("x"), 0.03f, 128);
        std::byte* bytes = nullptr;
        Tensor codes = Tensor::allocate(type, Shape{3, 5, 3, 3}, bytes);  // 135 codes: half a byte is left over
        for (std::size_t i = 0; i < codes.bytes().size(); ++i) bytes[i] = static_cast<std::byte>(i * 37 + 11);
        Tensor zeros = Tensor::allocate(type, Shape{3}, bytes);
        bytes[0] = static_cast<std::byte>(0x21);
        bytes[1] = static_cast<std::byte>(0x03);
        const ValueId w = b.node("DequantizeLinear", {b.constant(codes), b.constant(Tensor::of(Shape{3}, std::vector<float>{0.01f, 0.02f, 0.03f})), b.constant(zeros)}, {{"axis", std::int64_t(0)}});
        b.output(b.codes(b.node("Conv", {x, w}), 0.05f, 100));
        const auto integer = Executable::compile(b.model(), {.machine = machineOf(detectIsa()), .integer = true});
        const auto ops = operatorsOf(*integer);
        EXPECT_EQ(std::count(ops.begin(), ops.end(), "com.microsoft.QLinearConv"), 1);
        GraphBuilder data(4);
        const std::vector<Tensor> inputs{data.random(Shape{1, 5, 6, 6})};
        const Tensor got = runOnce(*integer, inputs)[0], expected = runOnce(*Executable::compile(b.model(), {.machine = machineOf(detectIsa())}), inputs)[0];
        for (std::size_t i = 0; i < got.as<float>().size(); ++i) EXPECT_NEAR(got.as<float>()[i], expected.as<float>()[i], 0.0501f) << nameOf(type);
    }
}

TEST(FuseInteger, MultipliesCodesToNumbersWhereNothingQuantizesTheProduct) {
    GraphBuilder b;
    std::vector<std::int8_t> codes(6 * 4);
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int8_t>(i * 29);
    const ValueId w = b.node("DequantizeLinear", {b.constant(Tensor::of(Shape{6, 4}, codes)), b.constant(Tensor::of(Shape{4}, std::vector<float>{0.01f, 0.02f, 0.03f, 0.04f})),
                                                  b.constant(Tensor::of(Shape{4}, std::vector<std::int8_t>(4, 0)))}, {{"axis", std::int64_t(1)}});
    b.output(b.node("MatMul", {b.codes(b.input("x"), 0.03f, 128), w}));
    const auto integer = Executable::compile(b.model(), {.machine = machineOf(detectIsa()), .integer = true});
    EXPECT_EQ(operatorsOf(*integer), (std::vector<std::string>{"QuantizeLinear", "com.microsoft.MatMulIntegerToFloat"}));
    GraphBuilder data(4);
    const std::vector<Tensor> inputs{data.random(Shape{2, 3, 6})};
    const Tensor got = runOnce(*integer, inputs)[0], expected = runOnce(*Executable::compile(b.model(), {.machine = machineOf(detectIsa())}), inputs)[0];
    ASSERT_EQ(got.shape(), expected.shape());
    for (std::size_t i = 0; i < got.as<float>().size(); ++i) EXPECT_NEAR(got.as<float>()[i], expected.as<float>()[i], 1e-4f);
}

TEST(FuseInteger, LeavesWeightsWithGroupScalesInFloatAndSaysSo) {
    GraphBuilder b;
    const ValueId w = b.node("DequantizeLinear", {b.constant(Tensor::of(Shape{8, 2}, std::vector<std::int8_t>(16, 3))), b.constant(b.random(Shape{2, 2})),
                                                  b.constant(Tensor::of(Shape{2, 2}, std::vector<std::int8_t>(4, 0)))}, {{"axis", std::int64_t(0)}, {"block_size", std::int64_t(4)}});
    b.output(b.codes(b.node("MatMul", {b.codes(b.input("x"), 0.03f, 128), w}), 0.1f, 128));
    const auto integer = Executable::compile(b.model(), {.machine = machineOf(detectIsa()), .integer = true});
    int reasons = 0;
    for (const Step& step : integer->steps())
        if (step.placement.op == "MatMul" && step.placement.reason.find("per group") != std::string::npos) ++reasons;
    EXPECT_EQ(reasons, 1);
}

TEST(FuseInteger, KeepsCodesThatPassThroughAsTheyAre) {
    GraphBuilder b;
    const ValueId x = b.codes(b.input("x"), 0.1f, 30);
    const ValueId turned = b.codes(b.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{1, 0}}}), 0.1f, 30);
    b.output(turned);
    const auto executable = Executable::compile(b.model(), {.machine = machineOf(Isa::Reference), .integer = true});
    const auto ops = operatorsOf(*executable);
    EXPECT_EQ(ops, (std::vector<std::string>{"QuantizeLinear", "Transpose", "DequantizeLinear"}));
    EXPECT_TRUE(executable->steps()[1].placement.integer);
}

TEST(FuseInteger, WeightsWithTooFewScalesStayInFloatAndAreRefusedThere) {
    GraphBuilder b;
    const ValueId x = b.codes(b.input("x"), 0.03f, 128);
    const ValueId w = b.node("DequantizeLinear", {b.constant(Tensor::of(Shape{64, 3, 1, 1}, std::vector<std::int8_t>(192, 1))), b.constant(Tensor::of(Shape{2}, std::vector<float>{1, 2})),
                                                  b.constant(Tensor::of(Shape{2}, std::vector<std::int8_t>{0, 0}))}, {{"axis", std::int64_t(0)}});
    const ValueId bias = b.constant(Tensor::of(Shape{64}, std::vector<float>(64, 1.0f)));
    b.output(b.codes(b.node("Conv", {x, w, bias}), 0.05f, 0));
    Graph graph = b.model()->graph;
    const IntegerFusion fusion = fuseInteger(graph);
    EXPECT_TRUE(fusion.integer.empty());
    EXPECT_NE(fusion.reasons.begin()->second.find("one scale per output channel"), std::string::npos);
}

TEST(FuseInteger, ZeroPointsThatDoNotFitTheColumnsAreRefused) {
    GraphBuilder b;
    const ValueId x = b.input("x", ElementType::U8), zero = b.scalar<std::uint8_t>(0);
    const ValueId w = b.constant(Tensor::of(Shape{4, 64}, std::vector<std::uint8_t>(256, 1))), zeros = b.constant(Tensor::of(Shape{2}, std::vector<std::uint8_t>{1, 2}));
    b.output(b.node("MatMulInteger", {x, w, zero, zeros}));
    const auto executable = Executable::compile(b.model(), {.machine = machineOf(Isa::Reference)});
    EXPECT_THROW(runOnce(*executable, {Tensor::of(Shape{1, 4}, std::vector<std::uint8_t>{1, 2, 3, 4})}), Error);
}

TEST(FuseInteger, DamagedNodesWithoutInputsAreRefusedAndNotACrash) {
    for (const char* op : {"Relu", "Clip", "Identity", "QLinearConv", "MaxPool", "Conv", "Add", "Concat"}) {
        GraphBuilder b;
        const ValueId x = b.codes(b.input("x"), 0.03f, 128);
        const ValueId w = b.constant(Tensor::of(Shape{1, 1, 1, 1}, std::vector<std::int8_t>{1}));
        const ValueId broken = b.node(op, {kNoValue, kNoValue, kNoValue, w, w});
        b.output(b.node("Add", {b.codes(broken, 0.05f, 0), x}));
        try {
            runOnce(*Executable::compile(b.model(), {.machine = machineOf(Isa::Reference), .integer = true}), {b.random(Shape{1, 1, 2, 2})});
            FAIL() << op;
        } catch (const Error&) {
        }
    }
}

}  // namespace

}  // namespace bitlathe
