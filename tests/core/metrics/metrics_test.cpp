#include "core/metrics/divergence.h"
#include "core/metrics/error_sums.h"
#include "core/metrics/output_metrics.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace bitlathe {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

nlohmann::json reference() {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    return nlohmann::json::parse(file);
}

TEST(ErrorFigures, AgreeWithDoubleArithmeticOnTheGoldenPair) {
    const auto p = golden<float>("misc/metrics.p.f32.bin"), q = golden<float>("misc/metrics.q.f32.bin");
    const auto expected = reference()["metrics"];
    const auto error = compareOutputs(p, q);
    // Differences are taken in float32 here and in float64 there.
    EXPECT_NEAR(error.meanSquare, expected["mse"].get<double>(), 1e-7 * error.meanSquare);
    EXPECT_NEAR(error.rootMeanSquare, expected["rmse"].get<double>(), 1e-7 * error.rootMeanSquare);
    EXPECT_NEAR(error.maximum, expected["max_abs"].get<double>(), 1e-7);
    EXPECT_NEAR(error.sqnrDb, expected["sqnr_db"].get<double>(), 1e-6);
    EXPECT_NEAR(error.cosine, expected["cosine"].get<double>(), 1e-9);
}

TEST(ErrorFigures, DefineTheirLimits) {
    const std::vector<float> x = {1, -2}, zero = {0, 0}, nothing;
    EXPECT_EQ(compareOutputs(x, x).sqnrDb, std::numeric_limits<double>::infinity());
    EXPECT_EQ(compareOutputs(x, x).cosine, 1.0);
    EXPECT_EQ(compareOutputs(zero, zero).cosine, 1.0);
    EXPECT_EQ(compareOutputs(x, zero).cosine, 0.0);
    EXPECT_EQ(compareOutputs(x, zero).sqnrDb, 0.0);
    EXPECT_EQ(compareOutputs(zero, x).sqnrDb, -std::numeric_limits<double>::infinity());
    EXPECT_EQ(compareOutputs(nothing, nothing).meanSquare, 0.0);
}

TEST(ErrorFigures, PassOverWhatIsNotFinite) {
    const std::vector<float> x = {1, kNan, 2, kInf, -kInf, 3}, y = {1.5f, 0, 2, 9, -9, 3};
    ErrorSums sums;
    std::vector<float> errors(6);
    addPairs(sums, x, y, errors);
    EXPECT_EQ(sums.count, 3);
    EXPECT_EQ(sums.ee, 0.25);
    EXPECT_EQ(sums.maximum, 0.5);
    EXPECT_EQ(errors, (std::vector<float>{-0.5f, 0, 0, 0, 0, 0}));
}

TEST(ErrorFigures, WithAndWithoutStoredErrorsAreTheSameBits) {
    const auto p = golden<float>("misc/metrics.p.f32.bin"), q = golden<float>("misc/metrics.q.f32.bin");
    ErrorSums a, b;
    std::vector<float> errors(p.size());
    addPairs(a, p, q);
    addPairs(b, p, q, errors);
    EXPECT_EQ(a, b);
}

TEST(HistogramDivergence, IsZeroForEqualHistogramsAndForNone) {
    const Histogram p{0, 4, {1, 2, 3, 4}, 0, 0}, none{0, 4, {0, 0, 0, 0}, 0, 0};
    EXPECT_LT(divergence(p, p), 1e-4);
    EXPECT_EQ(divergence(none, p), 0.0);
}

TEST(HistogramDivergence, IsTheDefinitionWithItsSmoothing) {
    const Histogram p{0, 4, {0, 1, 3, 0}, 0, 0}, q{0, 4, {2, 2, 0, 0}, 0, 0};  // bins 1 and 2 are p's
    const double s = kDivergenceSmoothing, q1 = (1 - s) * 0.5 + s / 2, q2 = s / 2;
    EXPECT_NEAR(divergence(p, q), 0.25 * std::log(0.25 / q1) + 0.75 * std::log(0.75 / q2), 1e-12);
}

TEST(HistogramDivergence, GrowsWhenLevelsVanish) {
    Histogram p{0, 512, std::vector<std::uint64_t>(512, 10), 0, 0}, q = p;
    double before = divergence(p, q);
    for (const std::size_t step : {8, 32, 128}) {
        std::fill(q.counts.begin(), q.counts.end(), 0u);
        for (std::size_t i = 0; i < 512; i += step) q.counts[i] = 10 * step;
        const double now = divergence(p, q);
        EXPECT_GT(now, before);
        EXPECT_TRUE(std::isfinite(now));
        before = now;
    }
}

TEST(OutputMetrics, DivergenceAndAgreementAgreeWithTheGoldenLogits) {
    const auto base = golden<float>("misc/logits.base.f32.bin"), quant = golden<float>("misc/logits.quant.f32.bin");
    const auto labels = golden<std::int32_t>("misc/logits.labels.i32.bin");
    const auto expected = reference()["logit_metrics"];
    const std::size_t rows = expected["kld_per_row"].size(), classes = base.size() / rows;
    ClassCounts counts;
    for (std::size_t r = 0; r < rows; ++r) {
        const auto a = std::span(base).subspan(r * classes, classes), b = std::span(quant).subspan(r * classes, classes);
        EXPECT_NEAR(softmaxDivergence(a, b), expected["kld_per_row"][r].get<double>(), 1e-9);
        addRow(counts, a, b, labels[r]);
    }
    EXPECT_NEAR(counts.meanDivergence(), expected["kld_mean"].get<double>(), 1e-9);
    EXPECT_DOUBLE_EQ(counts.agreement(), expected["same_top1"].get<double>());
    EXPECT_EQ(counts.labelled, std::int64_t(rows));
}

TEST(OutputMetrics, TiesGoToTheFirstAndNanNeverWins) {
    EXPECT_EQ(argmax(std::vector<float>{1, 3, 3}), 1);
    EXPECT_EQ(argmax(std::vector<float>{kNan, -5}), 1);
    EXPECT_EQ(argmax(std::vector<float>{kNan}), -1);
    EXPECT_EQ(argmax({}), -1);
    const std::vector<float> x = {5, 4, 4, kNan, 1};
    EXPECT_TRUE(isInTop(x, 1, 2));
    EXPECT_FALSE(isInTop(x, 2, 2));
    EXPECT_TRUE(isInTop(x, 2, 3));
    EXPECT_FALSE(isInTop(x, 3, 5));
    EXPECT_FALSE(isInTop(x, 9, 5));
}

TEST(OutputMetrics, CountsTop1AndTop5) {
    ClassCounts counts;
    const std::vector<float> scores = {0, 1, 2, 3, 4, 5, 6};
    addRow(counts, {}, scores, 6);
    addRow(counts, {}, scores, 2);
    addRow(counts, {}, scores, 1);
    addRow(counts, {}, scores, -1);
    EXPECT_EQ(counts.rows, 4);
    EXPECT_EQ(counts.labelled, 3);
    EXPECT_DOUBLE_EQ(counts.top1Share(), 1.0 / 3);
    EXPECT_DOUBLE_EQ(counts.top5Share(), 2.0 / 3);
    EXPECT_EQ(counts.agreement(), 1.0);
    EXPECT_NEAR(ClassCounts::margin(0.7, 1000), 0.0284, 1e-4);
}

}  // namespace
}  // namespace bitlathe
