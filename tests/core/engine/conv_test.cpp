// Convolutions against their definition: sums over every tap, written out.
#include "core/engine/blas.h"
#include "tests/core/engine/graph_builder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bitlathe {

namespace {

struct Case {
    std::int64_t batch, channels, height, width, outputs, kernel, stride, dilation, pad, groups;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.batch << "x" << c.channels << "x" << c.height << "x" << c.width << " -> " << c.outputs << " k" << c.kernel << " s" << c.stride << " d" << c.dilation
         << " p" << c.pad << " g" << c.groups;
}

Tensor defined(const Case& c, const Tensor& x, const Tensor& w, const Tensor& bias) {
    const std::int64_t covered = (c.kernel - 1) * c.dilation + 1;
    const std::int64_t oh = (c.height + 2 * c.pad - covered) / c.stride + 1, ow = (c.width + 2 * c.pad - covered) / c.stride + 1;
    const std::int64_t perGroup = c.channels / c.groups, outputs = c.outputs / c.groups;
    std::vector<float> y;
    for (std::int64_t n = 0; n < c.batch; ++n)
        for (std::int64_t o = 0; o < c.outputs; ++o)
            for (std::int64_t i = 0; i < oh; ++i)
                for (std::int64_t j = 0; j < ow; ++j) {
                    double sum = bias.as<float>()[static_cast<std::size_t>(o)];
                    for (std::int64_t k = 0; k < perGroup; ++k)
                        for (std::int64_t a = 0; a < c.kernel; ++a)
                            for (std::int64_t b = 0; b < c.kernel; ++b) {
                                const std::int64_t h = i * c.stride + a * c.dilation - c.pad, v = j * c.stride + b * c.dilation - c.pad;
                                if (h < 0 || h >= c.height || v < 0 || v >= c.width) continue;
                                const std::int64_t channel = o / outputs * perGroup + k;
                                sum += double(x.as<float>()[static_cast<std::size_t>(((n * c.channels + channel) * c.height + h) * c.width + v)]) *
                                       w.as<float>()[static_cast<std::size_t>(((o * perGroup + k) * c.kernel + a) * c.kernel + b)];
                            }
                    y.push_back(static_cast<float>(sum));
                }
    return Tensor::of(Shape{c.batch, c.outputs, oh, ow}, y);
}

class ConvByDefinition : public testing::TestWithParam<Case> {};

TEST_P(ConvByDefinition, HoldsForAnyThreadCount) {
    const Case& c = GetParam();
    GraphBuilder b;
    const Tensor x = b.random(Shape{c.batch, c.channels, c.height, c.width}), w = b.random(Shape{c.outputs, c.channels / c.groups, c.kernel, c.kernel}),
                 bias = b.random(Shape{c.outputs});
    const Attributes attributes{{"strides", std::vector<std::int64_t>(2, c.stride)}, {"dilations", std::vector<std::int64_t>(2, c.dilation)},
                                {"pads", std::vector<std::int64_t>(4, c.pad)}, {"group", c.groups}};
    b.output(b.node("Conv", {b.input("x"), b.constant(w), b.constant(bias)}, attributes));
    const Tensor expected = defined(c, x, w, bias);
    // Sums of products of standard normals in float32, in another order than the definition's double.
    const float tolerance = 1e-4f + 1e-6f * static_cast<float>(c.channels / c.groups * c.kernel * c.kernel);
    for (const Isa isa : isasUpTo(detectIsa())) {
        const auto executable = Executable::compile(b.model(), {.machine = {isa, Blas::plain()}});
        const Tensor one = runOnce(*executable, {x}, 1)[0], three = runOnce(*executable, {x}, 3)[0];
        EXPECT_EQ(one, three) << isaName(isa);
        ASSERT_EQ(one.shape(), expected.shape());
        for (std::size_t i = 0; i < expected.as<float>().size(); ++i) ASSERT_NEAR(one.as<float>()[i], expected.as<float>()[i], tolerance) << isaName(isa) << " " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvByDefinition,
                         testing::Values(Case{1, 3, 9, 7, 5, 3, 1, 1, 1, 1}, Case{2, 4, 8, 8, 6, 1, 1, 1, 0, 1}, Case{1, 4, 8, 9, 6, 1, 2, 1, 0, 1},
                                         Case{2, 6, 11, 10, 9, 3, 2, 1, 1, 3}, Case{1, 8, 12, 13, 8, 3, 1, 1, 1, 8}, Case{1, 8, 12, 13, 16, 3, 2, 1, 1, 8},
                                         Case{1, 8, 12, 13, 8, 5, 1, 2, 4, 8}, Case{1, 2, 12, 13, 4, 3, 1, 3, 2, 1}, Case{1, 3, 5, 5, 2, 5, 1, 1, 0, 1},
                                         Case{1, 16, 40, 40, 24, 3, 1, 1, 1, 1}, Case{1, 300, 7, 7, 130, 3, 1, 1, 1, 1}, Case{1, 2, 3, 3, 2, 3, 1, 1, 3, 1}, Case{1, 2, 20, 20, 3, 2, 5, 1, 0, 1},
                                         Case{1, 2, 20, 19, 3, 3, 2, 2, 2, 1}, Case{9, 2, 10, 9, 3, 3, 3, 2, 1, 1}));

TEST(Conv, TakesItsActivationAlongWithoutChangingABit) {
    for (const char* activation : {"Relu", "LeakyRelu", "Clip"}) {
        GraphBuilder b;
        std::vector<ValueId> inputs{b.node("Conv", {b.input("x"), b.constant(b.random(Shape{8, 3, 3, 3})), b.constant(b.random(Shape{8}))})};
        if (std::string(activation) == "Clip") {
            inputs.push_back(b.scalar(0.0f));
            inputs.push_back(b.scalar(6.0f));
        }
        b.output(b.node(activation, inputs));
        const Machine machine{detectIsa(), Blas::plain()};
        const auto joined = Executable::compile(b.model(), {.machine = machine}), apart = Executable::compile(b.model(), {.machine = machine, .fuse = false});
        EXPECT_EQ(joined->steps().size(), 1u);
        EXPECT_EQ(apart->steps().size(), 2u);
        const Tensor x = b.random(Shape{2, 3, 10, 10});
        EXPECT_EQ(runOnce(*joined, {x})[0], runOnce(*apart, {x})[0]) << activation;
    }
}

TEST(Conv, GivesTheSameBitsOnEveryInstructionSet) {
    for (const std::int64_t stride : {1, 2})
        for (const std::int64_t groups : {1, 2, 6}) {
            GraphBuilder b;
            b.output(b.node("Conv", {b.input("x"), b.constant(b.random(Shape{12, 6 / groups, 3, 3}))},
                            {{"strides", std::vector<std::int64_t>(2, stride)}, {"pads", std::vector<std::int64_t>(4, 1)}, {"group", groups}}));
            const Tensor x = b.random(Shape{9, 6, 15, 21});
            const Tensor expected = runOnce(*Executable::compile(b.model(), {.machine = {Isa::Reference, Blas::plain()}}), {x})[0];
            for (const Isa isa : isasUpTo(detectIsa()))
                EXPECT_EQ(runOnce(*Executable::compile(b.model(), {.machine = {isa, Blas::plain()}}), {x}, 3)[0], expected) << isaName(isa);
        }
}

TEST(Conv, RefusesAFilterThatDoesNotFit) {
    GraphBuilder b;
    b.output(b.node("Conv", {b.input("x"), b.constant(b.random(Shape{8, 4, 3, 3}))}));
    const auto executable = Executable::compile(b.model(), {.machine = {Isa::Reference, Blas::plain()}});
    EXPECT_THROW(runOnce(*executable, {b.random(Shape{1, 3, 10, 10})}), Error);
    EXPECT_THROW(runOnce(*executable, {b.random(Shape{1, 4, 2, 2})}), Error);
    EXPECT_THROW(runOnce(*executable, {b.random(Shape{4, 10})}), Error);
}

TEST(Conv, RefusesPadsAndDilationsThatMakeAnImpossibleImage) {
    constexpr std::int64_t kHuge = std::int64_t(1) << 31;
    const std::vector<std::int64_t> far(2, kHuge), four(4, kHuge);
    for (const Attributes& attributes : {Attributes{{"pads", four}}, Attributes{{"pads", four}, {"dilations", far}}, Attributes{{"pads", four}, {"strides", far}}}) {
        GraphBuilder b;
        b.output(b.node("Conv", {b.input("x"), b.constant(b.random(Shape{2, 2, 2, 2}))}, attributes));
        const auto executable = Executable::compile(b.model(), {.machine = {Isa::Reference, Blas::plain()}});
        try {
            EXPECT_LT(runOnce(*executable, {b.random(Shape{1, 2, 4, 4})})[0].count(), 100);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Input);
        }
    }
}

// A transposed convolution is the gradient of a convolution: <conv(x), y> = <x, convTranspose(y)>.
TEST(ConvTranspose, IsTheAdjointOfConv) {
    for (const std::int64_t groups : {1, 2})
        for (const std::int64_t stride : {1, 2, 3})
            for (const std::int64_t pad : {0, 1}) {
                GraphBuilder b;
                const Tensor w = b.random(Shape{6, 4 / groups, 3, 3});
                const Attributes attributes{{"strides", std::vector<std::int64_t>(2, stride)}, {"pads", std::vector<std::int64_t>(4, pad)}, {"group", groups}};
                const Tensor x = b.random(Shape{2, 4, 10, 10});
                GraphBuilder forward, back;
                forward.output(forward.node("Conv", {forward.input("x"), forward.constant(w)}, attributes));
                const Machine machine{detectIsa(), Blas::plain()};
                const Tensor y = runOnce(*Executable::compile(forward.model(), {.machine = machine}), {x})[0];
                Attributes sized = attributes;
                sized["output_padding"] = std::vector<std::int64_t>(2, (10 + 2 * pad - 3) % stride);
                back.output(back.node("ConvTranspose", {back.input("y"), back.constant(w)}, sized));
                const Tensor z = b.random(y.shape());
                const Tensor t = runOnce(*Executable::compile(back.model(), {.machine = machine}), {z}, 3)[0];
                ASSERT_EQ(t.shape(), x.shape());
                double left = 0, right = 0;
                for (std::size_t i = 0; i < y.as<float>().size(); ++i) left += double(y.as<float>()[i]) * z.as<float>()[i];
                for (std::size_t i = 0; i < x.as<float>().size(); ++i) right += double(x.as<float>()[i]) * t.as<float>()[i];
                EXPECT_NEAR(left, right, 1e-3 * (1 + std::abs(left)));
            }
}

}  // namespace

}  // namespace bitlathe
