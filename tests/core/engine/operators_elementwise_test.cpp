#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"
#include "core/tensor/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
using Numbers = std::vector<float>;

TEST(ElementwiseOperators, KeepNanInActivations) {
    for (const char* op : {"Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "Elu", "Selu", "Celu", "Gelu", "HardSigmoid", "HardSwish", "Mish",
                           "Softplus", "Softsign", "ThresholdedRelu", "Shrink", "Erf", "Exp", "Sqrt", "Floor", "Round", "Sign", "Swish"}) {
        const Numbers y = valuesOf(OperatorCall{op}.one({floats({3}, {kNan, 0.5f, -kNan})}));
        EXPECT_TRUE(std::isnan(y[0])) << op;
        EXPECT_FALSE(std::isnan(y[1])) << op;
        EXPECT_TRUE(std::isnan(y[2])) << op;
    }
}

TEST(ElementwiseOperators, KeepNanInMaximaFromEitherSide) {
    for (const char* op : {"Max", "Min"}) {
        const Numbers y = valuesOf(OperatorCall{op}.one({floats({3}, {kNan, 1, 2}), floats({3}, {1, kNan, 3})}));
        EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << op;
        EXPECT_EQ(y[2], op[1] == 'a' ? 3.0f : 2.0f);
    }
}

TEST(ElementwiseOperators, GiveMaxWhereClipsLimitsCross) {
    EXPECT_EQ(valuesOf(OperatorCall{"Clip"}.one({floats({2}, {0, 9}), Tensor::scalar(5.0f), Tensor::scalar(2.0f)})), (Numbers{2, 2}));
}

TEST(ElementwiseOperators, DivideIntegersByZeroWithoutCrashing) {
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    const Tensor a = integers({7, kLeast, -7, 0}), b = integers({0, -1, 2, 0});
    const auto y = toInt64(OperatorCall{"Div"}.one({a, b})), rest = toInt64(OperatorCall{"Mod"}.one({a, b}));
    EXPECT_EQ(y, (std::vector<std::int64_t>{0, kLeast, -3, 0}));
    EXPECT_EQ(rest, (std::vector<std::int64_t>{0, 0, 1, 0}));
}

TEST(ElementwiseOperators, WrapIntegersAround) {
    const Tensor most = Tensor::of(Shape{2}, std::vector<std::int8_t>{127, -128}), one = Tensor::of(Shape{2}, std::vector<std::int8_t>{1, -1});
    const auto sum = OperatorCall{"Add"}.one({most, one});
    EXPECT_EQ(sum.as<std::int8_t>()[0], -128);
    EXPECT_EQ(sum.as<std::int8_t>()[1], 127);
    const auto squares = OperatorCall{"Mul"}.one({Tensor::of(Shape{1}, std::vector<std::uint16_t>{65535}), Tensor::of(Shape{1}, std::vector<std::uint16_t>{65535})});
    EXPECT_EQ(squares.as<std::uint16_t>()[0], 1);
}

TEST(ElementwiseOperators, RaiseIntegersToNegativePowers) {
    EXPECT_EQ(toInt64(OperatorCall{"Pow"}.one({integers({1, -1, -1, 5, 0, 3}), integers({-5, -3, -4, -1, -1, 4})})),
              (std::vector<std::int64_t>{1, -1, 1, 0, 0, 81}));
}

TEST(ElementwiseOperators, TakeTheDivisorsSignInModUnlessAskedForTheDividends) {
    const Tensor a = integers({-7, 7}), b = integers({3, -3});
    EXPECT_EQ(toInt64(OperatorCall{"Mod"}.one({a, b})), (std::vector<std::int64_t>{2, -2}));
    EXPECT_EQ(toInt64(OperatorCall{"Mod", {{"fmod", std::int64_t(1)}}}.one({a, b})), (std::vector<std::int64_t>{-1, 1}));
}

// Every pair of shapes from a list, against the definition.
TEST(ElementwiseOperators, BroadcastAsNumpyDoes) {
    const std::vector<Shape> shapes = {{}, {1}, {5}, {3, 1}, {1, 5}, {3, 5}, {2, 1, 5}, {2, 3, 1}, {2, 3, 5}, {4, 1, 3, 5}, {4, 2, 1, 1}, {1, 1, 1, 1}, {0}, {3, 0}};
    for (const Shape& a : shapes)
        for (const Shape& b : shapes) {
            const auto joined = broadcast(a, b);
            const Tensor x = noise(a, 1), y = noise(b, 2);
            if (!joined) {
                EXPECT_THROW(OperatorCall{"Sub"}.one({x, y}), Error);
                continue;
            }
            const Tensor z = OperatorCall{"Sub"}.one({x, y});
            ASSERT_EQ(z.shape(), *joined);
            const auto at = [&](const Tensor& t, std::int64_t flat) {
                std::int64_t offset = 0;
                const auto steps = stridesOf(t.shape());
                for (int axis = joined->rank() - 1; axis >= 0; --axis) {
                    const std::int64_t index = flat % (*joined)[axis];
                    flat /= (*joined)[axis];
                    const int own = axis - (joined->rank() - t.shape().rank());
                    if (own >= 0 && t.shape()[own] != 1) offset += index * steps[static_cast<std::size_t>(own)];
                }
                return t.as<float>()[static_cast<std::size_t>(offset)];
            };
            for (std::int64_t i = 0; i < z.count(); ++i) ASSERT_EQ(z.as<float>()[static_cast<std::size_t>(i)], at(x, i) - at(y, i));
        }
}

TEST(ElementwiseOperators, BroadcastLongRowsAndColumns) {
    const Tensor z = OperatorCall{"Add", {}, {}, 1, 2}.one({noise({70000, 1}), noise({1, 30})});
    EXPECT_EQ(z.shape(), (Shape{70000, 30}));
    EXPECT_EQ(z.as<float>()[69999 * 30 + 7], noise({70000, 1}).as<float>()[69999] + noise({1, 30}).as<float>()[7]);
    const Tensor long2 = OperatorCall{"Mul", {}, {}, 1, 2}.one({noise({3, 200000}), noise({3, 1})});
    EXPECT_EQ(long2.as<float>()[2 * 200000 + 150001], noise({3, 200000}).as<float>()[2 * 200000 + 150001] * noise({3, 1}).as<float>()[2]);
}

TEST(ElementwiseOperators, RefuseABroadcastThatNoMemoryHolds) {
    try {
        OperatorCall{"Add"}.one({noise({1 << 20, 1}), noise({1, 1 << 20})});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
    }
}

TEST(ElementwiseOperators, NameTheNodeWhoseInputsDoNotFit) {
    try {
        OperatorCall{"Add"}.one({noise({2, 3}), noise({4})});
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("node 'probe' (Add)"), std::string::npos) << error.message();
        EXPECT_NE(error.message().find("2 × 3"), std::string::npos) << error.message();
    }
}

TEST(ElementwiseOperators, ComputeHalvesInFloatAndRoundOnce) {
    const auto half = [](float value) { return floatToHalf(value); };
    const std::vector<std::uint16_t> a{half(1.0f), half(65504.0f)}, b{half(0.00048828125f), half(65504.0f)};
    std::byte *aBytes = nullptr, *bBytes = nullptr;
    const Tensor x = Tensor::allocate(ElementType::F16, {2}, aBytes), y = Tensor::allocate(ElementType::F16, {2}, bBytes);
    std::copy_n(reinterpret_cast<const std::byte*>(a.data()), 4, aBytes);
    std::copy_n(reinterpret_cast<const std::byte*>(b.data()), 4, bBytes);
    const Tensor sum = OperatorCall{"Add"}.one({x, y});
    EXPECT_EQ(sum.type(), ElementType::F16);
    EXPECT_EQ(sum.as<std::uint16_t>()[0], half(1.0f));  // a tie, to even
    EXPECT_EQ(sum.as<std::uint16_t>()[1], half(kInfinity));
}

TEST(ElementwiseOperators, GiveTheSameBitsForEveryNumberOfThreads) {
    const Tensor x = noise({64, 5001});
    for (const char* op : {"Relu", "Sigmoid", "Gelu", "Exp", "Softmax", "ReduceMean", "ReduceLogSumExp", "CumSum"}) {
        std::vector<std::optional<Tensor>> inputs{x};
        if (std::string(op) == "CumSum") inputs.push_back(integers({1}));
        const Tensor once = OperatorCall{op}.one(inputs);
        for (int threads : {2, 3, 7}) EXPECT_EQ((OperatorCall{op, {}, {}, 1, threads}.one(inputs)), once) << op;
    }
}

TEST(ElementwiseOperators, PassEmptyTensorsThrough) {
    for (const char* op : {"Relu", "Sigmoid", "Sqrt", "Softmax", "Neg", "HardSwish", "LogSoftmax"}) {
        EXPECT_EQ(OperatorCall{op}.one({floats({0, 3}, {})}).shape(), (Shape{0, 3})) << op;
        EXPECT_EQ(OperatorCall{op}.one({floats({3, 0}, {})}).shape(), (Shape{3, 0})) << op;
    }
    EXPECT_EQ(OperatorCall{"Add"}.one({floats({0, 3}, {}), floats({3}, {1, 2, 3})}).shape(), (Shape{0, 3}));
    EXPECT_EQ(OperatorCall{"Where"}.one({Tensor::of<bool>(Shape{1}, std::array<bool, 1>{true}), floats({0}, {}), floats({1}, {1})}).shape(), (Shape{0}));
}

// The value of every code of a small float, cast to float32 and back.
TEST(Casts, TakeEveryCodeOfEverySmallFloatBackToItself) {
    const std::vector<std::pair<ElementType, std::int64_t>> types = {
        {ElementType::F8E4M3FN, 17}, {ElementType::F8E4M3FNUZ, 18}, {ElementType::F8E5M2, 19}, {ElementType::F8E5M2FNUZ, 20}, {ElementType::F8E8M0, 24}};
    for (const auto& [type, code] : types) {
        std::byte* bytes = nullptr;
        const Tensor codes = Tensor::allocate(type, {256}, bytes);
        for (int i = 0; i < 256; ++i) bytes[i] = static_cast<std::byte>(i);
        const Tensor wide = OperatorCall{"Cast", {{"to", std::int64_t(1)}}}.one({codes});
        const Tensor back = OperatorCall{"Cast", {{"to", code}, {"saturate", std::int64_t(0)}}}.one({wide});
        ASSERT_EQ(back.type(), type);
        for (std::size_t i = 0; i < 256; ++i) {
            if (std::isnan(wide.as<float>()[i])) EXPECT_TRUE(std::isnan(elementAt(type, back.bytes().data(), static_cast<std::int64_t>(i))));
            else EXPECT_EQ(back.bytes()[i], static_cast<std::byte>(i)) << nameOf(type) << " " << i;
        }
    }
}

TEST(Casts, SaturateOrNotAsOnnxSays) {
    const auto cast = [](float value, std::int64_t to, std::int64_t saturate) {
        const Tensor y = OperatorCall{"Cast", {{"to", to}, {"saturate", saturate}}}.one({Tensor::scalar(value)});
        return elementAt(y.type(), y.bytes().data(), 0);
    };
    EXPECT_EQ(cast(1e6f, 17, 1), 448);
    EXPECT_TRUE(std::isnan(cast(1e6f, 17, 0)));
    EXPECT_EQ(cast(kInfinity, 19, 1), 57344);
    EXPECT_EQ(cast(kInfinity, 19, 0), kInfinity);
    EXPECT_EQ(cast(-1e6f, 20, 1), -57344);
    EXPECT_TRUE(std::isnan(cast(-1e6f, 18, 0)));
    EXPECT_EQ(cast(464, 17, 0), 448);            // half a step above the largest rounds back to it: to even
    EXPECT_TRUE(std::isnan(cast(465, 17, 0)));
    EXPECT_EQ(cast(3.0f, 24, 1), 4);             // e8m0 rounds up
    EXPECT_EQ(cast(5.0f, 23, 1), 4);             // e2m1: 5 lies between 4 and 6: to even
}

TEST(Casts, ClampRealsAndWrapIntegers) {
    EXPECT_EQ(toInt64(OperatorCall{"Cast", {{"to", std::int64_t(3)}}}.one({floats({5}, {300, -300, 1.9f, -1.9f, kNan})})),
              (std::vector<std::int64_t>{127, -128, 1, -1, 0}));
    EXPECT_EQ(toInt64(OperatorCall{"Cast", {{"to", std::int64_t(3)}}}.one({integers({200, -129})})), (std::vector<std::int64_t>{-56, 127}));
    EXPECT_EQ(toInt64(OperatorCall{"Cast", {{"to", std::int64_t(22)}}}.one({integers({-8, 7, 8, -1, 3})})), (std::vector<std::int64_t>{-8, 7, -8, -1, 3}));
    const Tensor truth = OperatorCall{"Cast", {{"to", std::int64_t(9)}}}.one({floats({3}, {0, -0.0f, 0.1f})});
    EXPECT_EQ(toInt64(truth), (std::vector<std::int64_t>{0, 0, 1}));
}

TEST(Casts, RefuseStringsAndUnknownTypes) {
    EXPECT_THROW((OperatorCall{"Cast", {{"to", std::int64_t(8)}}}.one({floats({1}, {1})})), Error);
    EXPECT_THROW((OperatorCall{"Cast", {{"to", std::int64_t(14)}}}.one({floats({1}, {1})})), Error);
    EXPECT_THROW((OperatorCall{"Cast", {{"to", std::int64_t(-5)}}}.one({floats({1}, {1})})), Error);
}

}  // namespace

}  // namespace bitlathe
