// Recurrent layers step by step in double, and Resize, GridSample and Einsum where the suite is silent.
#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitlathe {

namespace {

using Row = std::vector<double>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// matrix (rows of `wide`, starting at row `from`) times x, for n rows.
Row times(const Tensor& matrix, std::int64_t direction, std::int64_t from, std::int64_t n, const Row& x) {
    const std::int64_t rows = matrix.shape()[1], wide = matrix.shape()[2];
    Row y(static_cast<std::size_t>(n), 0.0);
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < wide; ++j)
            y[static_cast<std::size_t>(i)] += double(matrix.as<float>()[static_cast<std::size_t>((direction * rows + from + i) * wide + j)]) * x[static_cast<std::size_t>(j)];
    return y;
}

struct Layer {
    std::int64_t steps = 5, batch = 3, input = 4, hidden = 6, gates = 4, directions = 2;
    Tensor x = noise({steps, batch, input}, 1), w, r, b, h0, c0, p;
    explicit Layer(std::int64_t gateCount) : gates(gateCount) {
        w = noise({directions, gates * hidden, input}, 2);
        r = noise({directions, gates * hidden, hidden}, 3);
        b = noise({directions, 2 * gates * hidden}, 4);
        h0 = noise({directions, batch, hidden}, 5);
        c0 = noise({directions, batch, hidden}, 6);
        p = noise({directions, 3 * hidden}, 7);
    }
    double bias(std::int64_t d, std::int64_t i) const { return double(b.as<float>()[static_cast<std::size_t>(d * 2 * gates * hidden + i)]); }
    Row xAt(std::int64_t t, std::int64_t n) const {
        const float* at = x.as<float>().data() + (t * batch + n) * input;
        return Row(at, at + input);
    }
    Row stateAt(const Tensor& state, std::int64_t d, std::int64_t n) const {
        const float* at = state.as<float>().data() + (d * batch + n) * hidden;
        return Row(at, at + hidden);
    }
};

// y[t, d, n, i] of an output with layout 0.
float at(const Tensor& y, const Layer& s, std::int64_t t, std::int64_t d, std::int64_t n, std::int64_t i) {
    return y.as<float>()[static_cast<std::size_t>(((t * s.directions + d) * s.batch + n) * s.hidden + i)];
}

TEST(RecurrentOperators, LstmFollowsItsEquationsInBothDirections) {
    const Layer s(4);
    const std::vector<std::int32_t> lengths{5, 2, 0};
    const auto y = OperatorCall{"LSTM", {{"direction", std::string("bidirectional")}, {"hidden_size", s.hidden}, {"clip", 2.5f}}, {}, 3, 2}(
        {s.x, s.w, s.r, s.b, Tensor::of(Shape{3}, lengths), s.h0, s.c0, s.p});
    const auto limited = [](double v) { return std::clamp(v, -2.5, 2.5); };
    const auto peephole = [&](std::int64_t d, std::int64_t gate, std::int64_t i) { return double(s.p.as<float>()[static_cast<std::size_t>((d * 3 + gate) * s.hidden + i)]); };
    for (std::int64_t d = 0; d < 2; ++d)
        for (std::int64_t n = 0; n < s.batch; ++n) {
            Row h = s.stateAt(s.h0, d, n), c = s.stateAt(s.c0, d, n);
            const std::int64_t length = lengths[static_cast<std::size_t>(n)];
            for (std::int64_t step = 0; step < length; ++step) {
                const std::int64_t t = d == 0 ? step : length - 1 - step;
                Row sum = times(s.w, d, 0, 4 * s.hidden, s.xAt(t, n)), recurrent = times(s.r, d, 0, 4 * s.hidden, h);
                for (std::int64_t i = 0; i < 4 * s.hidden; ++i) sum[static_cast<std::size_t>(i)] += recurrent[static_cast<std::size_t>(i)] + s.bias(d, i) + s.bias(d, 4 * s.hidden + i);
                for (std::int64_t i = 0; i < s.hidden; ++i) {
                    const auto u = static_cast<std::size_t>(i), wide = static_cast<std::size_t>(s.hidden);
                    const double in = sigmoid(limited(sum[u] + peephole(d, 0, i) * c[u])), forget = sigmoid(limited(sum[2 * wide + u] + peephole(d, 2, i) * c[u]));
                    c[u] = forget * c[u] + in * std::tanh(limited(sum[3 * wide + u]));
                    h[u] = sigmoid(limited(sum[wide + u] + peephole(d, 1, i) * c[u])) * std::tanh(limited(c[u]));
                }
                for (std::int64_t i = 0; i < s.hidden; ++i) ASSERT_NEAR(at(y[0], s, t, d, n, i), h[static_cast<std::size_t>(i)], 1e-5);
            }
            for (std::int64_t t = length; t < s.steps; ++t)
                for (std::int64_t i = 0; i < s.hidden; ++i) ASSERT_EQ(at(y[0], s, t, d, n, i), 0.0f);
            for (std::int64_t i = 0; i < s.hidden; ++i) {
                ASSERT_NEAR(y[1].as<float>()[static_cast<std::size_t>((d * s.batch + n) * s.hidden + i)], h[static_cast<std::size_t>(i)], 1e-5);
                ASSERT_NEAR(y[2].as<float>()[static_cast<std::size_t>((d * s.batch + n) * s.hidden + i)], c[static_cast<std::size_t>(i)], 1e-5);
            }
        }
}

TEST(RecurrentOperators, GruFollowsItsEquationsWithEarlyAndLateReset) {
    const Layer s(3);
    for (const std::int64_t late : {0, 1}) {
        const auto y = OperatorCall{"GRU", {{"direction", std::string("bidirectional")}, {"linear_before_reset", late}}, {}, 2}({s.x, s.w, s.r, s.b, {}, s.h0});
        const auto wide = static_cast<std::size_t>(s.hidden);
        for (std::int64_t d = 0; d < 2; ++d)
            for (std::int64_t n = 0; n < s.batch; ++n) {
                Row h = s.stateAt(s.h0, d, n);
                for (std::int64_t step = 0; step < s.steps; ++step) {
                    const std::int64_t t = d == 0 ? step : s.steps - 1 - step;
                    const Row fromInput = times(s.w, d, 0, 3 * s.hidden, s.xAt(t, n)), recurrent = times(s.r, d, 0, 3 * s.hidden, h);
                    const auto biasOf = [&](std::size_t i) { return s.bias(d, static_cast<std::int64_t>(i)); };
                    Row update(wide), reset(wide), weakened(wide), next(wide);
                    for (std::size_t i = 0; i < wide; ++i) {
                        update[i] = sigmoid(fromInput[i] + recurrent[i] + biasOf(i) + biasOf(3 * wide + i));
                        reset[i] = sigmoid(fromInput[wide + i] + recurrent[wide + i] + biasOf(wide + i) + biasOf(4 * wide + i));
                        weakened[i] = reset[i] * h[i];
                    }
                    const Row early = times(s.r, d, 2 * s.hidden, s.hidden, weakened);
                    for (std::size_t i = 0; i < wide; ++i) {
                        const double through = late ? reset[i] * (recurrent[2 * wide + i] + biasOf(5 * wide + i)) : early[i] + biasOf(5 * wide + i);
                        next[i] = (1 - update[i]) * std::tanh(fromInput[2 * wide + i] + biasOf(2 * wide + i) + through) + update[i] * h[i];
                    }
                    h = next;
                    for (std::size_t i = 0; i < wide; ++i) ASSERT_NEAR(at(y[0], s, t, d, n, static_cast<std::int64_t>(i)), h[i], 1e-5) << late;
                }
            }
    }
}

TEST(RecurrentOperators, RnnReversedIsRnnOfTheReversedSequence) {
    Layer s(1);
    const auto half = [](const Tensor& t) { return floats(Shape{1, t.shape()[1], t.shape()[2]}, std::vector<float>(t.as<float>().begin(), t.as<float>().begin() + t.count() / 2)); };
    std::vector<float> backwards;
    for (std::int64_t t = s.steps; t-- > 0;) backwards.insert(backwards.end(), s.x.as<float>().begin() + t * s.batch * s.input, s.x.as<float>().begin() + (t + 1) * s.batch * s.input);
    const auto y = OperatorCall{"RNN", {{"direction", std::string("reverse")}, {"activations", std::vector<std::string>{"Affine"}}, {"activation_alpha", std::vector<float>{0.5f}}}, {}, 2}(
        {s.x, half(s.w), half(s.r)});
    const auto z = OperatorCall{"RNN", {{"activations", std::vector<std::string>{"affine"}}, {"activation_alpha", std::vector<float>{0.5f}}}, {}, 2}(
        {floats(s.x.shape(), backwards), half(s.w), half(s.r)});
    EXPECT_EQ(y[1], z[1]);
    const std::size_t step = static_cast<std::size_t>(s.batch * s.hidden), last = static_cast<std::size_t>(s.steps - 1);
    for (std::size_t i = 0; i < step; ++i) EXPECT_EQ(y[0].as<float>()[i], z[0].as<float>()[last * step + i]);
}

TEST(RecurrentOperators, RefuseWeightsThatDoNotFit) {
    const Layer s(4);
    EXPECT_THROW((OperatorCall{"LSTM", {}, {}, 3}({s.x, s.w, s.r})), Error);  // two directions of weights, one asked for
    EXPECT_THROW((OperatorCall{"LSTM", {{"direction", std::string("sideways")}}, {}, 3}({s.x, s.w, s.r})), Error);
    EXPECT_THROW((OperatorCall{"GRU", {{"direction", std::string("bidirectional")}}, {}, 2}({s.x, s.w, s.r})), Error);
    EXPECT_THROW((OperatorCall{"LSTM", {{"direction", std::string("bidirectional")}}, {}, 3}({s.x, s.w, s.r, {}, integers({6, 1, 1})})), Error);
    EXPECT_THROW((OperatorCall{"LSTM", {{"direction", std::string("bidirectional")}, {"activations", std::vector<std::string>{"Sigmoid"}}}, {}, 3}({s.x, s.w, s.r})), Error);
}

TEST(Resize, SizesThatDoubleAreExactForEveryExtent) {
    // Coordinates come from the integers: no extent loses a sample to a rounded scale.
    for (std::int64_t in = 1; in < 200; ++in) {
        std::vector<float> values(static_cast<std::size_t>(in));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(i);
        const Tensor y = OperatorCall{"Resize", {{"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}}}.one(
            {floats({in}, values), {}, {}, integers({in * 7})});
        for (std::int64_t i = 0; i < in * 7; ++i) ASSERT_EQ(y.as<float>()[static_cast<std::size_t>(i)], float(i / 7)) << in;
    }
}

TEST(Resize, LinearIsExactOnARamp) {
    std::vector<float> values;
    for (int r = 0; r < 6; ++r)
        for (int c = 0; c < 8; ++c) values.push_back(float(10 * r + c));
    const Tensor y = OperatorCall{"Resize", {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}}, {}, 1, 2}.one(
        {floats({1, 1, 6, 8}, values), {}, {}, integers({1, 1, 11, 15})});
    for (int r = 0; r < 11; ++r)
        for (int c = 0; c < 15; ++c) EXPECT_NEAR(y.as<float>()[static_cast<std::size_t>(r * 15 + c)], 10 * r * 0.5 + c * 0.5, 1e-4);
}

TEST(Resize, RefusesImpossibleSizes) {
    const Tensor x = noise({1, 1, 4, 4});
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, {}, integers({1, 1, -4, 4})}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, {}, integers({1, 1, 4})}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, floats({4}, {1, 1, 0, 1}), {}}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, floats({4}, {1, 1, std::numeric_limits<float>::quiet_NaN(), 1}), {}}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, floats({4}, {1, 1, 1e30f, 1}), {}}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, {}, integers({1, 1, 1 << 30, 1 << 30})}), Error);
    EXPECT_THROW(OperatorCall{"Resize"}.one({x, {}, {}, {}}), Error);
}

TEST(GridSample, ReadsNowhereForPlacesThatAreNotNumbers) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    const Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4}), grid = floats({1, 1, 3, 2}, {nan, 0, infinity, 0, -infinity, infinity});
    EXPECT_EQ(valuesOf(OperatorCall{"GridSample"}.one({x, grid})), (std::vector<float>{0, 0, 0}));
    for (const char* padding : {"border", "reflection"})
        for (const float value : valuesOf(OperatorCall{"GridSample", {{"padding_mode", std::string(padding)}}}.one({x, grid}))) EXPECT_TRUE(value >= 1 && value <= 4);
}

TEST(Einsum, MultipliesAndSumsAnyNumberOfTensors) {
    const Tensor a = noise({2, 3}, 1), b = noise({3, 4}, 2), c = noise({4, 2}, 3);
    const Tensor y = OperatorCall{"Einsum", {{"equation", std::string("ij, jk, kl -> li")}}}.one({a, b, c});
    ASSERT_EQ(y.shape(), (Shape{2, 2}));
    for (std::size_t l = 0; l < 2; ++l)
        for (std::size_t i = 0; i < 2; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < 3; ++j)
                for (std::size_t k = 0; k < 4; ++k) sum += double(a.as<float>()[i * 3 + j]) * double(b.as<float>()[j * 4 + k]) * double(c.as<float>()[k * 2 + l]);
            EXPECT_NEAR(y.as<float>()[l * 2 + i], sum, 1e-5);
        }
    const Tensor trace = OperatorCall{"Einsum", {{"equation", std::string("ii")}}}.one({floats({2, 2}, {1, 2, 3, 4})});
    EXPECT_EQ(valuesOf(trace), (std::vector<float>{5}));
    const Tensor heads = OperatorCall{"Einsum", {{"equation", std::string("bhqd,bhkd->bhqk")}}, {}, 1, 2}.one({noise({2, 3, 5, 4}, 1), noise({2, 3, 6, 4}, 2)});
    EXPECT_EQ(heads.shape(), (Shape{2, 3, 5, 6}));
    EXPECT_THROW((OperatorCall{"Einsum", {{"equation", std::string("ij,jk->iz")}}}.one({a, b})), Error);
    EXPECT_THROW((OperatorCall{"Einsum", {{"equation", std::string("ij,ik->jk")}}}.one({a, b})), Error);
    EXPECT_THROW((OperatorCall{"Einsum", {{"equation", std::string("i?->i")}}}.one({a})), Error);
}

}  // namespace

}  // namespace bitlathe
