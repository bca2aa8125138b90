#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

namespace bitlathe {

namespace {

// softmax(scale · Q Kᵀ) V with key j hidden from query i where hidden(i, j); one sequence, as many key heads as query heads.
std::vector<double> attention(const Tensor& q, const Tensor& k, const Tensor& v, const std::function<bool(std::int64_t, std::int64_t)>& hidden) {
    const std::int64_t heads = q.shape()[1], rows = q.shape()[2], size = q.shape()[3], keys = k.shape()[2], wide = v.shape()[3];
    std::vector<double> y;
    for (std::int64_t h = 0; h < heads; ++h)
        for (std::int64_t i = 0; i < rows; ++i) {
            std::vector<double> weights;
            double sum = 0;
            for (std::int64_t j = 0; j < keys; ++j) {
                double score = 0;
                for (std::int64_t d = 0; d < size; ++d)
                    score += double(q.as<float>()[static_cast<std::size_t>((h * rows + i) * size + d)]) * double(k.as<float>()[static_cast<std::size_t>((h * keys + j) * size + d)]);
                weights.push_back(hidden(i, j) ? 0 : std::exp(score / std::sqrt(double(size))));
                sum += weights.back();
            }
            for (std::int64_t d = 0; d < wide; ++d) {
                double total = 0;
                for (std::int64_t j = 0; j < keys; ++j) total += weights[static_cast<std::size_t>(j)] * double(v.as<float>()[static_cast<std::size_t>((h * keys + j) * wide + d)]);
                y.push_back(sum == 0 ? 0 : total / sum);
            }
        }
    return y;
}

void expectNear(const Tensor& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.count(), static_cast<std::int64_t>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(got.as<float>()[i], expected[i], 1e-5);
}

TEST(Attention, FollowsItsDefinitionOverLongSequences) {
    const Tensor q = noise({1, 2, 150, 16}, 1), k = noise({1, 2, 170, 16}, 2), v = noise({1, 2, 170, 12}, 3);
    for (int threads : {1, 3}) expectNear((OperatorCall{"Attention", {}, {}, 1, threads}.one({q, k, v})), attention(q, k, v, [](auto, auto) { return false; }));
    expectNear((OperatorCall{"Attention", {{"is_causal", std::int64_t(1)}}}.one({q, k, v})), attention(q, k, v, [](auto i, auto j) { return j > i; }));
    expectNear((OperatorCall{"Attention", {{"left_window_size", std::int64_t(5)}, {"right_window_size", std::int64_t(2)}}}.one({q, k, v})),
               attention(q, k, v, [](auto i, auto j) { return j < i - 5 || j > i + 2; }));
}

TEST(Attention, OfOneTokenAtATimeWithACacheIsAttentionOfTheWholeSequence) {
    const Tensor q = noise({1, 2, 7, 4}, 1), k = noise({1, 2, 7, 4}, 2), v = noise({1, 2, 7, 4}, 3);
    const Tensor whole = OperatorCall{"Attention", {{"is_causal", std::int64_t(1)}}}.one({q, k, v});
    const auto token = [](const Tensor& x, std::int64_t t) {
        return OperatorCall{"Slice"}.one({x, integers({t}), integers({t + 1}), integers({2})});
    };
    Tensor pastK = floats({1, 2, 0, 4}, {}), pastV = pastK;
    for (std::int64_t t = 0; t < 7; ++t) {
        const auto step = OperatorCall{"Attention", {{"is_causal", std::int64_t(1)}}, {}, 3}({token(q, t), token(k, t), token(v, t), {}, pastK, pastV});
        const Tensor expected = token(whole, t);
        for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(step[0].as<float>()[i], expected.as<float>()[i], 1e-6f);
        pastK = step[1];
        pastV = step[2];
    }
    EXPECT_EQ(pastK, k);
    EXPECT_EQ(pastV, v);
}

TEST(Attention, GivesZerosToAQueryThatMaySeeNothing) {
    const Tensor q = noise({1, 1, 2, 4}, 1), k = noise({1, 1, 3, 4}, 2), v = noise({1, 1, 3, 4}, 3);
    const Tensor mask = Tensor::of<bool>(Shape{2, 3}, std::array<bool, 6>{false, false, false, true, false, true});
    const Tensor y = OperatorCall{"Attention"}.one({q, k, v, mask});
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(y.as<float>()[i], 0.0f);
    EXPECT_NE(y.as<float>()[4], 0.0f);
}

TEST(Attention, RefusesHeadsAndMasksThatDoNotFit) {
    const Tensor q = noise({1, 3, 2, 4}), k = noise({1, 2, 3, 4});
    EXPECT_THROW(OperatorCall{"Attention"}.one({q, k, k}), Error);
    EXPECT_THROW(OperatorCall{"Attention"}.one({k, k, k, noise({5, 3})}), Error);
    EXPECT_THROW(OperatorCall{"Attention"}.one({noise({1, 2, 8}), noise({1, 2, 8}), noise({1, 2, 8})}), Error);  // no head counts
    EXPECT_THROW((OperatorCall{"Attention", {}, {}, 3}({k, k, k, {}, k})), Error);                                // a past without values
    EXPECT_THROW(OperatorCall{"Attention"}.one({k, k, k, {}, {}, {}, integers({4})}), Error);
}

TEST(RotaryEmbedding, OfOnnxAndOfMicrosoftAgree) {
    const Tensor x = noise({2, 3, 5, 8}, 1), cosines = noise({16, 4}, 2), sines = noise({16, 4}, 3);
    const Tensor positions = Tensor::of(Shape{2, 5}, std::vector<std::int64_t>{0, 1, 2, 3, 4, 11, 12, 13, 14, 15});
    EXPECT_EQ(OperatorCall{"RotaryEmbedding"}.one({x, cosines, sines, positions}),
              (OperatorCall{"RotaryEmbedding", {}, "com.microsoft"}.one({x, positions, cosines, sines})));
    EXPECT_THROW(OperatorCall{"RotaryEmbedding"}.one({x, cosines, sines, Tensor::of(Shape{2, 5}, std::vector<std::int64_t>(10, 16))}), Error);
}

}  // namespace

}  // namespace bitlathe
