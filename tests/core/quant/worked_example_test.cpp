#include "core/quant/worked_example.h"

#include "core/base/job.h"
#include "core/base/number_text.h"
#include "core/base/parallel.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/worked_group.h"
#include "tests/core/quant/every_spec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace bitlathe {
namespace {

constexpr ChannelLayout kLayout{2, 5, 150};

std::vector<float> noise(std::size_t count, double outlier = 0) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0.01f, 0.2f);
    std::vector<float> x(count);
    for (float& v : x) v = normal(random);
    if (outlier > 0) x[count / 2] = float(outlier);
    return x;
}

QuantSpec spec(std::string codec, int bits, Granularity granularity) {
    QuantSpec s;
    s.codec = std::move(codec);
    s.bits = bits;
    s.granularity = granularity;
    return s;
}

WorkedExample example(const std::vector<float>& x, const ChannelLayout& layout, const QuantSpec& s, std::optional<std::int64_t> index = {}, std::optional<std::int64_t> group = {}) {
    Workers workers(1);
    JobContext job;
    return workedExample(x, layout, s, index, group, workers, job);
}

std::string all(const WorkedExample& e) {
    std::string text;
    for (const auto& line : e.lines) text += line.title + ": " + line.text + "\n";
    return text;
}

TEST(WorkedExample, EveryFormatsNumbersAreThoseOfQuantizingTheWhole) {
    const auto x = noise(1500);
    Workers workers(1);
    JobContext job;
    for (const QuantSpec& s : everySpec()) {
        SCOPED_TRACE(shortText({s, std::nullopt}));
        const QuantizedTensor q = quantizeWeights(Tensor::of(Shape{2, 5, 150}, x), kLayout, s, workers, job);
        const Tensor back = dequantize(q, workers);
        for (const std::optional<std::int64_t> index : {std::optional<std::int64_t>{}, std::optional<std::int64_t>{0}, std::optional<std::int64_t>{1499}, std::optional<std::int64_t>{777}}) {
            const WorkedExample e = example(x, kLayout, s, index);
            const auto i = static_cast<std::size_t>(e.index);
            EXPECT_EQ(e.index, index.value_or(e.index));
            EXPECT_EQ(e.weight, x[i]);
            EXPECT_EQ(e.back, back.as<float>()[i]);
            EXPECT_EQ(e.group, q.grid().groupOf(e.channel, e.element));
            EXPECT_EQ((e.element / 150 * 5 + e.channel) * 150 + e.element % 150, e.index);
            for (const auto& line : e.lines) {
                EXPECT_FALSE(line.title.empty());
                EXPECT_GT(line.text.size(), 10u);
                EXPECT_EQ(line.text.find("nan"), std::string::npos) << line.text;
                EXPECT_EQ(line.text.find("not a number"), std::string::npos) << line.text;
                EXPECT_LT(line.text.size(), 640u) << line.text;
            }
            EXPECT_NE(e.lines[1].text.find("= " + valueText(double(e.weight), 4)), std::string::npos) << e.lines[1].text;
            EXPECT_NE(e.lines[1].text.find("x\u0302 = " + valueText(double(e.back), 4)), std::string::npos) << e.lines[1].text;
            EXPECT_NE(e.lines[1].text.find("code " + fixedText(e.code, 0)), std::string::npos) << e.lines[1].text;
            EXPECT_NE(e.lines[3].text.find(bytesText(storedBytes(kLayout, s))), std::string::npos) << e.lines[3].text;
        }
    }
}

TEST(WorkedExample, PicksTheWeightOfMedianErrorInTheGroup) {
    const auto x = noise(1500);
    const QuantSpec s = spec("int", 4, PerGroup{50});
    for (const std::int64_t group : {0, 7, 29}) {
        const WorkedExample e = example(x, kLayout, s, {}, group);
        EXPECT_EQ(e.group, group);
        std::vector<double> errors;
        for (std::int64_t i = group % 6 * 50; i < group % 6 * 50 + 50; ++i) {
            const WorkedExample one = example(x, kLayout, s, (i / 150 * 5 + group / 6) * 150 + i % 150);
            if (one.back != one.weight) errors.push_back(std::abs(double(one.back) - double(one.weight)));
        }
        std::sort(errors.begin(), errors.end());
        EXPECT_FLOAT_EQ(float(std::abs(double(e.back) - double(e.weight))), float(errors[errors.size() / 2]));
    }
}

TEST(WorkedExample, PutsTheGroupsScaleAndZeroPointIntoTheFormula) {
    const auto x = noise(1500);
    const WorkedExample e = example(x, kLayout, spec("int", 8, PerTensor{}));
    EXPECT_EQ(e.lines[0].text.find("x\u0302 = 0.00"), 0u) << e.lines[0].text;
    EXPECT_NE(e.lines[0].text.find("\u00B7 code, code \u2212127 \u2026 127"), std::string::npos) << e.lines[0].text;
    QuantSpec asymmetric = spec("int", 4, PerTensor{});
    asymmetric.symmetric = false;
    EXPECT_NE(example(x, kLayout, asymmetric).lines[0].text.find("\u00B7 (code \u2212 "), std::string::npos);
    EXPECT_NE(example(x, kLayout, spec("mxfp4", 4, PerTensor{})).lines[0].text.find("2\u207B"), std::string::npos);
    EXPECT_NE(example(x, kLayout, spec("ternary", 2, PerTensor{})).lines[0].text.find("0 from \u2212"), std::string::npos);
}

TEST(WorkedExample, SaysWhenOneWeightStretchesTheRange) {
    const WorkedExample calm = example(noise(1500), kLayout, spec("int", 8, PerTensor{})), wild = example(noise(1500, 9), kLayout, spec("int", 8, PerTensor{}));
    EXPECT_EQ(calm.lines[4].text.find("stretches the range"), std::string::npos) << calm.lines[4].text;
    EXPECT_NE(wild.lines[4].text.find("stretches the range"), std::string::npos) << wild.lines[4].text;
    EXPECT_NE(calm.lines[4].text.find("ten times as large, the others would fall from"), std::string::npos);
    EXPECT_NE(example(noise(1500), kLayout, spec("fp8e5m2", 8, PerTensor{})).lines[4].text.find("would lose only"), std::string::npos);
    QuantSpec cut = spec("int", 8, PerTensor{});
    cut.range = Manual{-0.1, 0.1};
    EXPECT_NE(example(noise(1500), kLayout, cut).lines[4].text.find("beyond the outermost levels and make"), std::string::npos);
}

TEST(WorkedExample, ZerosOneWeightAndWhatIsNoNumberAreExplainedToo) {
    for (const QuantSpec& s : everySpec()) {
        SCOPED_TRACE(shortText({s, std::nullopt}));
        EXPECT_NE(all(example(std::vector<float>(64), {1, 2, 32}, s)).find("Here nothing: all weights"), std::string::npos);
        EXPECT_EQ(example({0.25f}, {1, 1, 1}, s).weight, 0.25f);
        std::vector<float> strange = noise(64);
        strange[3] = NAN;
        strange[4] = INFINITY;
        EXPECT_NE(example(strange, {1, 2, 32}, s, 3).lines[1].text.find("not a number is coded as 0"), std::string::npos);
        example(strange, {1, 2, 32}, s, 4);
        example(std::vector<float>(8, NAN), {1, 1, 8}, s);
    }
}

}  // namespace
}  // namespace bitlathe
