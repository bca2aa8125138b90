// Reductions, pools and normalisations against their definitions, written out plainly here.
#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

namespace bitlathe {

namespace {

using Integers = std::vector<std::int64_t>;

// Groups the elements of x by their indices on the axes that stay.
std::map<Integers, std::vector<double>> groups(const Tensor& x, const Integers& axes) {
    std::map<Integers, std::vector<double>> result;
    for (std::int64_t flat = 0; flat < x.count(); ++flat) {
        Integers kept;
        std::int64_t rest = flat;
        Integers index(static_cast<std::size_t>(x.shape().rank()));
        for (int axis = x.shape().rank() - 1; axis >= 0; --axis) {
            index[static_cast<std::size_t>(axis)] = rest % x.shape()[axis];
            rest /= x.shape()[axis];
        }
        for (int axis = 0; axis < x.shape().rank(); ++axis)
            if (std::find(axes.begin(), axes.end(), axis) == axes.end()) kept.push_back(index[static_cast<std::size_t>(axis)]);
        result[kept].push_back(double(x.as<float>()[static_cast<std::size_t>(flat)]));
    }
    return result;
}

double sumOver(const std::vector<double>& values, const std::function<double(double)>& f) {
    double sum = 0;
    for (const double value : values) sum += f(value);
    return sum;
}

TEST(Reductions, AgreeWithTheirDefinitionsOverEverySetOfAxes) {
    using Values = std::vector<double>;
    const std::vector<std::pair<const char*, std::function<double(const Values&)>>> truths = {
        {"ReduceSum", [](const Values& v) { return sumOver(v, [](double x) { return x; }); }},
        {"ReduceMean", [](const Values& v) { return sumOver(v, [](double x) { return x; }) / double(v.size()); }},
        {"ReduceMax", [](const Values& v) { return *std::max_element(v.begin(), v.end()); }},
        {"ReduceMin", [](const Values& v) { return *std::min_element(v.begin(), v.end()); }},
        {"ReduceProd", [](const Values& v) { double p = 1; for (const double x : v) p *= x; return p; }},
        {"ReduceL1", [](const Values& v) { return sumOver(v, [](double x) { return std::abs(x); }); }},
        {"ReduceL2", [](const Values& v) { return std::sqrt(sumOver(v, [](double x) { return x * x; })); }},
        {"ReduceSumSquare", [](const Values& v) { return sumOver(v, [](double x) { return x * x; }); }},
        {"ReduceLogSumExp", [](const Values& v) { return std::log(sumOver(v, [](double x) { return std::exp(x); })); }}};
    for (const Shape& shape : {Shape{3, 5, 2, 7}, Shape{2, 1, 19, 3}, Shape{1, 4, 1, 33}}) {
        const Tensor x = noise(shape);
        for (int mask = 1; mask < 16; ++mask) {
            Integers axes;
            for (int axis = 0; axis < 4; ++axis)
                if (mask >> axis & 1) axes.push_back(axis);
            const auto grouped = groups(x, axes);
            for (const auto& [op, truth] : truths) {
                const Tensor y = OperatorCall{op, {{"keepdims", std::int64_t(0)}}, {}, 1, 2}.one({x, integers(axes)});
                ASSERT_EQ(y.count(), static_cast<std::int64_t>(grouped.size()));
                std::size_t i = 0;
                for (const auto& [kept, values] : grouped) {
                    const double expected = truth(values);
                    ASSERT_NEAR(y.as<float>()[i++], expected, 1e-6 * (1 + std::abs(expected))) << op << " over " << mask;
                }
            }
        }
    }
}

TEST(Reductions, KeepTheirDigitsOverMillionsOfElements) {
    std::vector<float> values(3'000'000, 0.1f);
    values[0] = 1e7f;
    const double expected = 1e7 + 2'999'999 * double(0.1f);
    const Tensor sum = OperatorCall{"ReduceSum", {}, {}, 1, 2}.one({floats({3'000'000}, values)});
    EXPECT_EQ(sum.as<float>()[0], static_cast<float>(expected));
    EXPECT_EQ((OperatorCall{"ReduceSum", {}, {}, 1, 5}.one({floats({3'000'000}, values)})), sum);
    const Tensor columns = OperatorCall{"ReduceSum", {}, {}, 1, 2}.one({floats({1'500'000, 2}, values), integers({0})});
    EXPECT_EQ(columns.as<float>()[0], static_cast<float>(1e7 + 1'499'999 * double(0.1f)));
}

TEST(Reductions, LogSumExpDoesNotOverflow) {
    EXPECT_FLOAT_EQ(valuesOf(OperatorCall{"ReduceLogSumExp"}.one({floats({2}, {1000, 1000})}))[0], 1000.6931f);
    EXPECT_EQ(valuesOf(OperatorCall{"ReduceLogSumExp"}.one({floats({2}, {-std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})}))[0],
              -std::numeric_limits<float>::infinity());
}

TEST(Reductions, OfNothingAreTheirNeutralElements) {
    const Tensor none = floats({2, 0}, {});
    EXPECT_EQ(valuesOf(OperatorCall{"ReduceSum"}.one({none, integers({1})})), (std::vector<float>{0, 0}));
    EXPECT_EQ(valuesOf(OperatorCall{"ReduceProd"}.one({none, integers({1})})), (std::vector<float>{1, 1}));
    EXPECT_EQ(valuesOf(OperatorCall{"ReduceMax"}.one({none, integers({1})}))[0], -std::numeric_limits<float>::infinity());
    EXPECT_THROW((OperatorCall{"ArgMax", {{"axis", std::int64_t(1)}}}.one({none})), Error);
}

TEST(Reductions, RefuseAxesThatDoNotExist) {
    EXPECT_THROW(OperatorCall{"ReduceSum"}.one({noise({2, 2}), integers({2})}), Error);
    EXPECT_THROW(OperatorCall{"ReduceSum"}.one({noise({2, 2}), integers({-3})}), Error);
    EXPECT_THROW(OperatorCall{"ReduceSum"}.one({noise({2, 2}), integers({1, -1})}), Error);
}

struct PoolCase {
    Shape shape;
    Integers kernel, strides, pads, dilations;
    std::int64_t ceil = 0;
};

std::vector<PoolCase> poolCases() {
    return {{{1, 2, 9}, {3}, {2}, {1, 1}, {1}},
            {{2, 3, 12, 31}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}},
            {{1, 2, 17, 40}, {2, 5}, {1, 3}, {0, 2, 1, 2}, {2, 1}},
            {{1, 2, 8, 8}, {3, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1}, 1},
            {{1, 1, 6, 7, 20}, {2, 3, 3}, {2, 1, 2}, {1, 0, 1, 0, 1, 1}, {1, 2, 1}},
            {{1, 2, 5, 5}, {5, 5}, {1, 1}, {2, 2, 2, 2}, {1, 1}},
            {{1, 1, 30, 30}, {13, 9}, {4, 4}, {6, 4, 6, 4}, {1, 1}}};
}

// The elements under each window, and how many places of it lie in the padded input.
void forEachWindow(const PoolCase& c, const Shape& out, const float* plane, const std::function<void(std::int64_t, const std::vector<float>&, std::int64_t)>& body) {
    const std::size_t spatial = c.kernel.size();
    const std::int64_t outs = out.count(2, out.rank());
    for (std::int64_t o = 0; o < outs; ++o) {
        std::vector<float> inside;
        std::int64_t padded = 0, taps = 1;
        for (const std::int64_t k : c.kernel) taps *= k;
        for (std::int64_t t = 0; t < taps; ++t) {
            std::int64_t restOut = o, restTap = t, offset = 0, step = 1;
            bool in = true, inPads = true;
            for (std::size_t a = spatial; a-- > 0;) {
                const std::int64_t extent = c.shape[static_cast<int>(a) + 2];
                const std::int64_t at = restOut % out[static_cast<int>(a) + 2] * c.strides[a] - c.pads[a] + restTap % c.kernel[a] * c.dilations[a];
                restOut /= out[static_cast<int>(a) + 2];
                restTap /= c.kernel[a];
                in = in && at >= 0 && at < extent;
                inPads = inPads && at < extent + c.pads[a + spatial];
                offset += at * step;
                step *= extent;
            }
            if (in) inside.push_back(plane[offset]);
            padded += inPads;
        }
        body(o, inside, padded);
    }
}

TEST(Pools, AgreeWithTheirDefinitions) {
    for (const PoolCase& c : poolCases()) {
        const Tensor x = noise(c.shape);
        Attributes attributes{{"kernel_shape", c.kernel}, {"strides", c.strides}, {"pads", c.pads}, {"dilations", c.dilations}, {"ceil_mode", c.ceil}};
        const Tensor most = OperatorCall{"MaxPool", attributes, {}, 1, 2}.one({x});
        const auto located = OperatorCall{"MaxPool", attributes, {}, 2}({x});
        EXPECT_EQ(located[0], most);
        const Tensor mean = OperatorCall{"AveragePool", attributes}.one({x});
        const Tensor norm = OperatorCall{"LpPool", attributes}.one({x});
        attributes["count_include_pad"] = std::int64_t(1);
        const Tensor padded = OperatorCall{"AveragePool", attributes}.one({x});
        const std::int64_t outs = most.shape().count(2, most.shape().rank()), ins = c.shape.count(2, c.shape.rank());
        for (std::int64_t p = 0; p < c.shape[0] * c.shape[1]; ++p)
            forEachWindow(c, most.shape(), x.as<float>().data() + p * ins, [&](std::int64_t o, const std::vector<float>& inside, std::int64_t places) {
                const auto i = static_cast<std::size_t>(p * outs + o);
                ASSERT_FALSE(inside.empty());
                double sum = 0, squares = 0;
                for (const float value : inside) {
                    sum += double(value);
                    squares += double(value) * double(value);
                }
                const float largest = *std::max_element(inside.begin(), inside.end());
                ASSERT_EQ(most.as<float>()[i], largest);
                ASSERT_EQ(x.as<float>()[static_cast<std::size_t>(located[1].as<std::int64_t>()[i])], largest);
                ASSERT_NEAR(mean.as<float>()[i], sum / double(inside.size()), 2e-6);
                ASSERT_NEAR(padded.as<float>()[i], sum / double(places), 2e-6);
                ASSERT_NEAR(norm.as<float>()[i], std::sqrt(squares), 1e-5);
            });
    }
}

TEST(Pools, CarryNanToEveryWindowThatHoldsIt) {
    std::vector<float> values(25, 1.0f);
    values[12] = std::numeric_limits<float>::quiet_NaN();
    const Tensor y = OperatorCall{"MaxPool", {{"kernel_shape", Integers{3, 3}}, {"pads", Integers{1, 1, 1, 1}}}}.one({floats({1, 1, 5, 5}, values)});
    for (int r = 0; r < 5; ++r)
        for (int c = 0; c < 5; ++c) EXPECT_EQ(std::isnan(y.as<float>()[static_cast<std::size_t>(r * 5 + c)]), r >= 1 && r <= 3 && c >= 1 && c <= 3);
}

TEST(Pools, RefuseImpossibleWindows) {
    const Tensor x = noise({1, 1, 4, 4});
    for (const auto& [key, values] : std::vector<std::pair<const char*, Integers>>{
             {"kernel_shape", {0, 1}}, {"kernel_shape", {-1, 1}}, {"kernel_shape", {2}}, {"kernel_shape", {9, 9}}, {"kernel_shape", {}}}) {
        EXPECT_THROW((OperatorCall{"MaxPool", {{key, values}}}.one({x})), Error);
        EXPECT_THROW((OperatorCall{"AveragePool", {{key, values}}}.one({x})), Error);
    }
    EXPECT_THROW((OperatorCall{"MaxPool", {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{0, 1}}}}.one({x})), Error);
    EXPECT_THROW((OperatorCall{"MaxPool", {{"kernel_shape", Integers{2, 2}}, {"pads", Integers{-1, 0, 0, 0}}}}.one({x})), Error);
    EXPECT_THROW((OperatorCall{"MaxPool", {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{1, 1 << 30}}, {"pads", Integers{0, 1 << 30, 0, 1 << 30}}}}.one({x})), Error);
}

TEST(Normalizations, KeepTheirDigitsFarFromZero) {
    // Mean 10000, deviation 1: sums of squares in float32 would lose everything.
    std::vector<float> values(768);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 10000.0f + (i % 2 == 0 ? 1.0f : -1.0f);
    const std::vector<float> ones(768, 1.0f), none(768, 0.0f);
    const auto y = OperatorCall{"LayerNormalization", {}, {}, 3}({floats({1, 768}, values), floats({768}, ones), floats({768}, none)});
    EXPECT_NEAR(y[0].as<float>()[0], 1.0f, 1e-5f);
    EXPECT_NEAR(y[0].as<float>()[1], -1.0f, 1e-5f);
    EXPECT_EQ(y[1].as<float>()[0], 10000.0f);
    const Tensor instance = OperatorCall{"InstanceNormalization"}.one({floats({1, 1, 768}, values), floats({1}, {1}), floats({1}, {0})});
    EXPECT_NEAR(instance.as<float>()[0], 1.0f, 1e-5f);
    const Tensor group = OperatorCall{"GroupNormalization", {{"num_groups", std::int64_t(1)}}}.one({floats({1, 2, 384}, values), floats({2}, {1, 2}), floats({2}, {0, 5})});
    EXPECT_NEAR(group.as<float>()[0], 1.0f, 1e-5f);
    EXPECT_NEAR(group.as<float>()[384], 7.0f, 2e-5f);
}

TEST(Normalizations, ScaleWhatBroadcastsToTheInput) {
    const Tensor x = noise({2, 3, 4});
    const Tensor plain = OperatorCall{"LayerNormalization"}.one({x, floats({4}, {1, 1, 1, 1})});
    const Tensor rows = OperatorCall{"LayerNormalization"}.one({x, floats({3, 1}, {1, 2, 3})});
    for (std::size_t i = 0; i < 24; ++i) EXPECT_FLOAT_EQ(rows.as<float>()[i], plain.as<float>()[i] * float(i / 4 % 3 + 1));
    EXPECT_THROW((OperatorCall{"LayerNormalization"}.one({x, floats({3}, {1, 1, 1})})), Error);
}

TEST(Normalizations, SkipFormsAreSumsThatAreNormalized) {
    const Tensor x = noise({2, 3, 8}, 1), skip = noise({2, 3, 8}, 2), scale = noise({8}, 3), bias = noise({8}, 4), extra = noise({8}, 5);
    const auto y = OperatorCall{"SkipLayerNormalization", {{"epsilon", 1e-5f}}, "com.microsoft", 4}({x, skip, scale, bias, extra});
    const Tensor sum = OperatorCall{"Add"}.one({OperatorCall{"Add"}.one({x, skip}), extra});
    EXPECT_EQ(y[3], sum);
    EXPECT_EQ(y[0], OperatorCall{"LayerNormalization"}.one({sum, scale, bias}));
    const auto rms = OperatorCall{"SkipSimplifiedLayerNormalization", {{"epsilon", 1e-5f}}, "com.microsoft", 4}({x, skip, scale, extra});
    EXPECT_EQ(rms[0], OperatorCall{"RMSNormalization"}.one({sum, scale}));
}

TEST(Normalizations, BatchNormalizationMeasuresWhenItTrains) {
    const Tensor x = noise({4, 2, 3, 3}), ones = floats({2}, {1, 1}), none = floats({2}, {0, 0});
    const auto y = OperatorCall{"BatchNormalization", {{"training_mode", std::int64_t(1)}, {"momentum", 0.0f}}, {}, 3}({x, ones, none, none, ones});
    const auto grouped = groups(x, {0, 2, 3});
    for (const auto& [channel, values] : grouped) {
        const double mean = sumOver(values, [](double v) { return v; }) / double(values.size());
        const double variance = sumOver(values, [mean](double v) { return (v - mean) * (v - mean); }) / double(values.size());
        EXPECT_NEAR(y[1].as<float>()[static_cast<std::size_t>(channel[0])], mean, 1e-6);
        EXPECT_NEAR(y[2].as<float>()[static_cast<std::size_t>(channel[0])], variance, 1e-6);
    }
}

TEST(Softmax, AddsUpToOneAlongAnyAxisAndNeverOverflows) {
    for (std::int64_t axis = 0; axis < 3; ++axis) {
        std::vector<float> values = valuesOf(noise({5, 70, 9}));
        for (float& value : values) value *= 500;
        const Tensor x = floats({5, 70, 9}, values);
        const Tensor y = OperatorCall{"Softmax", {{"axis", axis}}, {}, 1, 2}.one({x});
        for (const auto& [kept, line] : groups(y, {axis})) EXPECT_NEAR(sumOver(line, [](double v) { return v; }), 1.0, 1e-5);
        const Tensor logs = OperatorCall{"LogSoftmax", {{"axis", axis}}}.one({x});
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (y.as<float>()[i] <= 1e-30f) continue;
            EXPECT_NEAR(std::log(y.as<float>()[i]), logs.as<float>()[i], 1e-4);
        }
    }
}

}  // namespace

}  // namespace bitlathe
