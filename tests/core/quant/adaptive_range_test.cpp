#include "core/quant/adaptive_range.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/least_error.h"
#include "core/quant/observer.h"
#include "core/quant/quantized_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace bitlathe {
namespace {

using Metric = Adaptive::Metric;
constexpr Metric kMetrics[] = {Metric::SquaredError, Metric::Norm24, Metric::Cosine, Metric::MaxError, Metric::Divergence};

std::vector<float> normal(std::size_t count, unsigned seed, float sigma = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw(0, sigma);
    std::vector<float> values(count);
    for (float& v : values) v = draw(random);
    return values;
}
QuantSpec specOf(std::string codec, int bits, bool symmetric, RangeRule rule) {
    QuantSpec spec;
    spec.codec = std::move(codec);
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.range = rule;
    return spec;
}
RangePoints pointsOf(std::span<const float> x, const QuantSpec& spec) {
    const ValueRange ends = finiteRange(x);
    return rangePoints(x, {}, {std::min(ends.lo, 0.0f), std::max(ends.hi, 0.0f)}, searchBins(spec.bits));
}

TEST(Adaptive, IsTheBestOfItsCandidatesByEveryMetric) {
    for (const std::size_t count : {32u, 3000u})
        for (const auto& [codec, bits] : {std::pair{"int", 3}, {"int", 8}, {"nf4", 4}, {"fp8e4m3", 8}, {"equal", 4}})
            for (const bool symmetric : {true, false})
                for (const Metric metric : kMetrics) {
                    auto x = normal(count, 3);
                    x[5] = 9;
                    const QuantSpec spec = specOf(codec, bits, symmetric, Adaptive{metric});
                    const RangeChoice choice = chooseRange(x, spec);
                    const RangePoints points = pointsOf(x, spec);
                    RangeTrial trial(points, spec);
                    const double figure = trial.figure(choice.range, metric);
                    ASSERT_LT(choice.taken, rangeCandidates().size());
                    for (std::size_t i = 0; i < rangeCandidates().size(); ++i) {
                        const ValueRange range = weightRange(x, specOf(codec, bits, symmetric, rangeCandidates()[i]));
                        EXPECT_LE(figure, trial.figure(range, metric)) << codec << bits << ' ' << rangeText(rangeCandidates()[i]);
                        if (i == choice.taken) {
                            EXPECT_EQ(range, choice.range);
                        }
                    }
                }
}

TEST(Adaptive, TheLargestErrorIsLeastWithoutClippingAndOutliersAreClippedForTheSquare) {
    auto x = normal(5000, 4);
    x[77] = 40;
    const auto taken = [&](Metric metric) { return rangeCandidates()[chooseRange(x, specOf("int", 4, true, Adaptive{metric})).taken]; };
    EXPECT_EQ(taken(Metric::MaxError), RangeRule(MinMax{}));
    EXPECT_NE(taken(Metric::Divergence), RangeRule(MinMax{}));
}

TEST(Adaptive, EveryGroupSaysWhatItTookAndThreadsDoNotMatter) {
    auto x = normal(64 * 256, 5);
    for (std::size_t i = 0; i < 32 * 256; i += 256) x[i] = 30;  // outliers in half of the channels
    const Tensor values = Tensor::of<float>({64, 256}, x);
    JobContext job;
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{32})}) {
        QuantSpec spec = specOf("int", 4, true, Adaptive{});
        spec.granularity = granularity;
        Workers one(1), three(3);
        const auto a = quantizeWeights(values, {1, 64, 256}, spec, one, job, Isa::Reference), b = quantizeWeights(values, {1, 64, 256}, spec, three, job);
        EXPECT_EQ(a, b);
        ASSERT_EQ(a.taken.size(), a.scales.size());
        for (const std::uint8_t rule : a.taken) EXPECT_LT(rule, rangeCandidates().size());
        EXPECT_FALSE(takenText(a.taken, "groups").empty());
    }
    QuantSpec plain = specOf("int", 4, true, LeastError{2});
    Workers workers(1);
    EXPECT_TRUE(quantizeWeights(values, {1, 64, 256}, plain, workers, job).taken.empty());
}

TEST(Adaptive, ManyValuesInParallelGiveTheSameChoice) {
    const auto x = normal(1'300'000, 6);
    JobContext job;
    for (const Metric metric : kMetrics)
        for (const bool symmetric : {true, false}) {
            const QuantSpec spec = specOf("int", 4, symmetric, Adaptive{metric});
            Workers workers(3);
            EXPECT_EQ(chooseRange(x, spec, workers, job), chooseRange(x, spec));
        }
}

TEST(Adaptive, AStopIsHeard) {
    const auto x = normal(1'300'000, 6);
    std::stop_source stop;
    stop.request_stop();
    JobContext job(stop.get_token());
    Workers workers(2);
    EXPECT_THROW(chooseRange(x, specOf("int", 4, true, Adaptive{}), workers, job), Cancelled);
}

TEST(Adaptive, ImportanceDecides) {
    // Only small values matter: a range that clips the large ones is best.
    auto x = normal(4000, 7);
    for (std::size_t i = 0; i < 2000; ++i) x[i] *= 50;
    std::vector<float> importance(x.size(), 1.0f);
    std::fill_n(importance.begin(), 2000, 0.0f);
    for (const RangeRule& rule : {RangeRule(Adaptive{}), RangeRule(LeastError{2}), RangeRule(LeastError{2.4})}) {
        const QuantSpec spec = specOf("int", 6, true, rule);
        EXPECT_LT(chooseRange(x, spec, importance).range.hi, 0.5f * chooseRange(x, spec).range.hi) << rangeText(rule);
    }
}

TEST(Adaptive, StreamedActivationsSayWhatTheyTook) {
    Workers workers(2);
    for (const bool symmetric : {true, false})
        for (const Metric metric : kMetrics) {
            Observer observer({8, symmetric, Adaptive{metric}});
            for (unsigned b = 0; b < 4; ++b) observer.observe(normal(20000, b), workers);
            const ActivationRange result = observer.result();
            EXPECT_FALSE(result.taken.empty());
            EXPECT_GT(result.range.hi, 1.0f);
            EXPECT_LE(result.range.hi, result.max);
        }
}

TEST(Adaptive, CalibrationSaysWhatItsActivationsTook) {
    ActivationRanges ranges;
    ranges["a"].taken = ranges["b"].taken = "least squared error";
    ranges["c"].taken = "ACIQ, laplace";
    ranges["input"];  // its rule did not choose
    EXPECT_EQ(takenText(ranges), "least squared error on 2 of 3 activations; ACIQ, laplace on 1");
    EXPECT_EQ(takenText(ActivationRanges{}), "");
}

TEST(Adaptive, TheTextNamesTheMostFrequentFirst) {
    const std::uint8_t taken[] = {4, 4, 4, 1, 0, 4};
    EXPECT_EQ(takenText(taken, "channels"), "least squared error on 4 of 6 channels; min–max on 1; percentile 99.99 on 1");
    const std::uint8_t same[] = {5, 5};
    EXPECT_EQ(takenText(same, "channels"), "least error, norm 2.4 on all 2 channels");
    EXPECT_EQ(takenText(std::span(same).first(1), "tensor"), "least error, norm 2.4");
    EXPECT_EQ(takenText({}, "channels"), "");
}

}  // namespace
}  // namespace bitlathe
