#include "core/engine/executable.h"

#include "core/engine/blas.h"
#include "core/engine/fold_constants.h"
#include "core/engine/operator_list.h"
#include "core/tensor/packed_tensor.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <set>

namespace bitlathe {

namespace {

const Machine kMachine{Isa::Reference, Blas::plain()};

TEST(OperatorList, NamesEachOperatorOnceWithALabel) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const Operator& row : operators()) {
        EXPECT_TRUE(seen.emplace(row.domain, row.name).second) << row.name;
        EXPECT_FALSE(row.label.empty()) << row.name;
        EXPECT_TRUE(row.run) << row.name;
        EXPECT_EQ(findOperator(row.name, row.domain), &row);
    }
    EXPECT_TRUE(isRunnable("Conv", "ai.onnx"));
    EXPECT_FALSE(isRunnable("Conv", "example.org"));
}

TEST(Executable, RefusesAnOperatorWeLackByItsNameAndItsNodes) {
    GraphBuilder b;
    b.output(b.node("Frobnicate", {b.input("x")}, {}, "example.org"));
    try {
        Executable::compile(b.model(), {.machine = kMachine});
        FAIL() << "compiled";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
        EXPECT_NE(error.message().find("example.org.Frobnicate"), std::string::npos);
        EXPECT_NE(error.message().find("Frobnicate0"), std::string::npos);
    }
}

TEST(Executable, RefusesInputsOfAnotherTypeOrNumber) {
    GraphBuilder b;
    b.output(b.node("Relu", {b.input("x")}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    EXPECT_THROW(runOnce(*executable, {}), Error);
    EXPECT_THROW(runOnce(*executable, {Tensor::scalar<std::int64_t>(1)}), Error);
}

TEST(Run, NeverWritesIntoItsInputsNorIntoValuesThatAreStillRead) {
    GraphBuilder b;
    const ValueId x = b.input("x"), a = b.node("Relu", {x}), c = b.node("Relu", {a});
    b.output(b.node("Add", {b.node("Neg", {c}), a}));  // a lives on while c is overwritten
    b.output(x);
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    const Tensor given = b.random(Shape{100});
    const Tensor copy = Tensor::of(given.shape(), given.as<float>());
    const auto outputs = runOnce(*executable, {given});
    EXPECT_EQ(given, copy);
    EXPECT_EQ(outputs[1], copy);
    for (const float value : outputs[0].as<float>()) EXPECT_EQ(value, 0.0f);
}

TEST(Run, OutputsOutliveTheNextRun) {
    GraphBuilder b;
    b.output(b.node("Neg", {b.node("Neg", {b.node("Neg", {b.input("x")})})}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    Workspace workspace;
    Workers workers(1);
    JobContext job;
    const auto first = run(*executable, workspace, workers, std::vector{Tensor::of(Shape{3}, std::vector<float>{1, 2, 3})}, job);
    const auto second = run(*executable, workspace, workers, std::vector{Tensor::of(Shape{3}, std::vector<float>{4, 5, 6})}, job);
    EXPECT_EQ(first[0], Tensor::of(Shape{3}, std::vector<float>{-1, -2, -3}));
    EXPECT_EQ(second[0], Tensor::of(Shape{3}, std::vector<float>{-4, -5, -6}));
}

TEST(Run, KeepsNoMoreMemoryFromRunToRun) {
    GraphBuilder b;
    ValueId x = b.input("x");
    for (int i = 0; i < 20; ++i) x = b.node("Tanh", {b.node("Neg", {x})});
    b.output(b.node("Neg", {x}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    Workspace workspace;
    Workers workers(1);
    JobContext job;
    const std::vector<Tensor> inputs{b.random(Shape{10000})};
    run(*executable, workspace, workers, inputs, job);
    const auto held = workspace.heldBytes();
    for (int i = 0; i < 5; ++i) run(*executable, workspace, workers, inputs, job);
    EXPECT_LE(workspace.heldBytes(), held);
    EXPECT_LE(held, 3 * 40000 + 1000);  // in place, not a tensor per node
}

TEST(Run, RefusesARunThatNeedsMoreThanItsLimit) {
    GraphBuilder b;
    b.output(b.node("Neg", {b.input("x")}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    Workspace workspace(1000);
    Workers workers(1);
    JobContext job;
    EXPECT_THROW(run(*executable, workspace, workers, std::vector{b.random(Shape{1000})}, job), Error);
}

TEST(Run, StopsWhenItsJobIsStopped) {
    GraphBuilder b;
    b.output(b.node("Neg", {b.input("x")}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    Workspace workspace;
    Workers workers(1);
    std::stop_source stop;
    stop.request_stop();
    JobContext job(stop.get_token());
    EXPECT_THROW(run(*executable, workspace, workers, std::vector{b.random(Shape{10})}, job), Cancelled);
}

TEST(Run, ShowsEveryValueToItsObserver) {
    GraphBuilder b;
    const ValueId x = b.input("x");
    b.output(b.node("Relu", {b.node("Neg", {x})}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine, .fuse = false});
    std::vector<std::string> seen;
    RunObserver observer;
    observer.value = [&](ValueId value, const Tensor&) { seen.push_back(executable->graph().value(value).name); };
    Workspace workspace;
    Workers workers(1);
    JobContext job;
    run(*executable, workspace, workers, std::vector{b.random(Shape{10})}, job, &observer);
    EXPECT_EQ(seen, (std::vector<std::string>{"x", "Neg0_out", "Relu1_out"}));
}

TEST(Run, GivesHalfPrecisionModelsHalfPrecisionValues) {
    GraphBuilder b;
    b.output(b.node("Tanh", {b.input("x", ElementType::F16)}));
    const auto executable = Executable::compile(b.model(), {.machine = kMachine});
    std::byte* bytes = nullptr;
    const Tensor x = Tensor::allocate(ElementType::F16, Shape{2}, bytes);
    const std::uint16_t codes[] = {0x3C00, 0x0000};  // 1, 0
    std::memcpy(bytes, codes, 4);
    const Tensor y = runOnce(*executable, {x})[0];
    EXPECT_EQ(y.type(), ElementType::F16);
    EXPECT_NEAR(toFloat32(y).as<float>()[0], 0.76159f, 5e-4f);
}

TEST(FoldConstants, ComputesWhatIsKnownAndKeepsQuantizedWeights) {
    GraphBuilder b;
    std::vector<float> scales;
    const ValueId w = b.weight(Shape{4, 4}, scales);
    const ValueId half = b.node("Neg", {b.constant(b.random(Shape{4}))});
    b.output(b.node("Add", {b.node("MatMul", {b.input("x"), w}), half}));
    const auto folded = foldConstants(*b.model(), {.machine = kMachine});
    std::vector<std::string> ops;
    for (const Node& node : folded->graph.nodes) ops.push_back(node.op);
    EXPECT_EQ(ops, (std::vector<std::string>{"DequantizeLinear", "MatMul", "Add"}));
    const Tensor x = b.random(Shape{3, 4});
    EXPECT_EQ(runOnce(*Executable::compile(b.model(), {.machine = kMachine}), {x})[0], runOnce(*Executable::compile(folded, {.machine = kMachine}), {x})[0]);
}

TEST(FoldConstants, DoesNotMakeHugeConstants) {
    GraphBuilder b;
    b.output(b.node("ConstantOfShape", {b.constant(Tensor::of(Shape{2}, std::vector<std::int64_t>{100000, 100000}))}));
    const auto folded = foldConstants(*b.model(), {.machine = kMachine});
    EXPECT_EQ(folded->graph.nodes.size(), 1u);
}

TEST(Blas, GivesThePlainKernelsResults) {
    const auto fast = Blas::load(), plain = Blas::plain();
    std::mt19937 random(3);
    for (const bool transposeA : {false, true})
        for (const bool transposeB : {false, true})
            for (const float beta : {0.0f, 0.5f}) {
                const std::int64_t m = 37, n = 41, k = 300;
                std::vector<float> a(static_cast<std::size_t>(m * k)), w(static_cast<std::size_t>(k * n)), c(static_cast<std::size_t>(m * n), 1.0f), d = c;
                for (auto* list : {&a, &w})
                    for (auto& value : *list) value = std::normal_distribution<float>()(random);
                Blas::Gemm call{.transposeA = transposeA, .transposeB = transposeB, .m = m, .n = n, .k = k, .alpha = 0.7f, .a = a.data(), .lda = transposeA ? m : k,
                                .b = w.data(), .ldb = transposeB ? k : n, .beta = beta, .c = c.data(), .ldc = n};
                fast->sgemm(call);
                call.c = d.data();
                plain->sgemm(call);
                for (std::size_t i = 0; i < c.size(); ++i) ASSERT_NEAR(c[i], d[i], 1e-3f);
            }
}

TEST(Blas, NamesTheCoreThatItRuns) {
    const auto blas = Blas::load();
    if (blas->name() == "plain") GTEST_SKIP() << "OpenBLAS is not installed";
    EXPECT_TRUE(blas->name().starts_with("OpenBLAS "));
    if (detectIsa() >= Isa::Avx2 && blas->note().empty()) {
        EXPECT_EQ(blas->name().find("Prescott"), std::string::npos);
    }
}

}  // namespace

TEST(Executable, APackedWeightThatFindsNoMemoryEndsTheRunAndNotTheProgram) {
    GraphBuilder builder;
    const ValueId x = builder.input("x"), weight = builder.input("w");
    builder.output(builder.node("Linear", {x, weight}, {}, "bitlathe"));
    auto model = std::make_shared<Model>(*builder.model());
    model->graph.inputs.pop_back();  // the weight is a constant
    auto packed = std::make_shared<PackedTensor>();
    packed->form = "scarce";
    packed->shape = Shape{64, 4};
    packed->decode = [](std::int64_t, std::int64_t, std::span<float>) { throw std::bad_alloc(); };
    model->graph.values[static_cast<std::size_t>(weight)].packed = packed;
    const auto executable = Executable::compile(model, {.machine = Machine::detect()});
    EXPECT_THROW(runOnce(*executable, {builder.random({1, 2, 4})}, 2), std::bad_alloc);
}

}  // namespace bitlathe
