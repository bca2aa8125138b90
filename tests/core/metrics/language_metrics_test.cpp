#include "core/metrics/language_metrics.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace bitlathe {
namespace {

template <class T>
std::vector<T> golden(const std::string& name) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<T> out(bytes.size() / sizeof(T));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
}

struct Rows {
    std::vector<float> base = golden<float>("logits.base.f32.bin"), quantized = golden<float>("logits.quant.f32.bin");
    std::vector<std::int32_t> next = golden<std::int32_t>("logits.labels.i32.bin");
    std::vector<TokenScore> scores() const {
        std::vector<TokenScore> out;
        const std::size_t wide = base.size() / next.size();
        for (std::size_t i = 0; i < next.size(); ++i)
            out.push_back(scoreToken(std::span(base).subspan(i * wide, wide), std::span(quantized).subspan(i * wide, wide), next[i]));
        return out;
    }
};

TEST(LanguageMetrics, AgreeWithFiguresMadeInDoubleElsewhere) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    const auto expected = nlohmann::json::parse(file).at("logit_metrics");
    const Rows rows;
    const auto scores = rows.scores();
    ASSERT_EQ(scores.size(), expected.at("kld_per_row").size());
    constexpr double kClose = 1e-9;
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i].divergence, expected["kld_per_row"][i].get<double>(), kClose) << i;
    const LanguageFigures figures = languageFigures(scores, true);
    EXPECT_NEAR(figures.divergence.mean.value, expected["kld_mean"].get<double>(), kClose);
    EXPECT_NEAR(figures.divergence.median, expected["kld_median"].get<double>(), kClose);
    EXPECT_NEAR(figures.divergence.p99, expected["kld_p99_linear"].get<double>(), kClose);
    EXPECT_NEAR(figures.divergence.p90, expected["kld_p90_linear"].get<double>(), kClose);
    EXPECT_NEAR(figures.perplexity.value / expected["ppl_quant"].get<double>(), 1, kClose);
    EXPECT_NEAR(figures.referencePerplexity.value / expected["ppl_base"].get<double>(), 1, kClose);
    EXPECT_NEAR(figures.logRatio.value, expected["ln_ratio"].get<double>(), kClose);
    EXPECT_NEAR(figures.sameTop.value, expected["same_top1"].get<double>(), kClose);
    EXPECT_NEAR(figures.probabilityChange.mean.value, expected["mean_dp"].get<double>(), kClose);
    EXPECT_NEAR(figures.probabilityChangeRms.value, expected["rms_dp"].get<double>(), kClose);
}

TEST(LanguageMetrics, EqualLogitsDivergeByNothing) {
    const Rows rows;
    std::vector<TokenScore> scores;
    const std::size_t wide = rows.base.size() / rows.next.size();
    for (std::size_t i = 0; i < rows.next.size(); ++i) {
        const auto row = std::span(rows.base).subspan(i * wide, wide);
        scores.push_back(scoreToken(row, row, rows.next[i]));
        EXPECT_EQ(scores.back().divergence, 0);
    }
    const LanguageFigures figures = languageFigures(scores, true);
    EXPECT_EQ(figures.ratio.value, 1);
    EXPECT_NEAR(figures.lossCorrelation, 1, 1e-12);
    EXPECT_EQ(figures.sameTop.value, 1);
    EXPECT_NEAR(figures.ratio.error, 0, 1e-7);
}

TEST(LanguageMetrics, LogitsOfAnySizeOverflowNothing) {
    const std::vector<float> high = {3e38f, -3e38f, 3e38f}, low = {-1e30f, -1e30f, -1e30f};
    const TokenScore score = scoreToken(high, low, 0);
    EXPECT_NEAR(score.referenceLoss, std::log(2.0), 1e-12);
    EXPECT_NEAR(score.loss, std::log(3.0), 1e-12);
    EXPECT_NEAR(score.divergence, std::log(3.0) - std::log(2.0), 1e-12);
}

TEST(LanguageMetrics, StandardErrorsAreThoseOfMeans) {
    std::vector<TokenScore> scores(4);
    const double losses[] = {1, 2, 3, 6};
    for (std::size_t i = 0; i < 4; ++i) scores[i].loss = losses[i];
    const LanguageFigures figures = languageFigures(scores, false);
    EXPECT_EQ(figures.loss.value, 3);
    EXPECT_DOUBLE_EQ(figures.loss.error, std::sqrt(14.0 / 4 / 3));
    EXPECT_DOUBLE_EQ(figures.perplexity.error, std::exp(3.0) * figures.loss.error);
    EXPECT_FALSE(figures.compared);
}

TEST(LanguageMetrics, PercentilesInterpolate) {
    const Distribution of = distributionOf({5, 1, 3, 2, 4});
    EXPECT_EQ(of.minimum, 1);
    EXPECT_EQ(of.median, 3);
    EXPECT_DOUBLE_EQ(of.p90, 4.6);
    EXPECT_DOUBLE_EQ(of.p99_9, 4.996);
    EXPECT_EQ(of.maximum, 5);
    EXPECT_EQ(distributionOf({}).median, 0);
    EXPECT_EQ(distributionOf({7}).p1, 7);
}

}  // namespace
}  // namespace bitlathe
