// Tables made from weights: optima against exhaustive and quadratic searches (tests/golden/misc).
#include "core/quant/optimal_table.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stop_token>

namespace bitlathe {
namespace {

double squaredError(std::span<const float> x, std::span<const float> importance, const std::vector<float>& levels) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (const float level : levels) least = std::min(least, std::pow(double(x[i]) - double(level), 2));
        sum += least * (importance.empty() ? 1.0 : double(importance[i]));
    }
    return sum;
}

std::vector<float> normal(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw(0, 1);
    std::vector<float> values(count);
    for (float& v : values) v = draw(random);
    return values;
}

TEST(OptimalTable, KMeansFindsTheKnownOptima) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    const auto cases = nlohmann::json::parse(file).at("kmeans_1d_optimal");
    ASSERT_EQ(cases.size(), 7u);
    for (const auto& c : cases) {
        const auto x = c.contains("file") ? golden<float>("misc/" + c.at("file").get<std::string>()) : c.at("x").get<std::vector<float>>();
        const int k = c.at("k");
        const auto levels = leastSquaresLevels(weightedPoints(x, {}), k);
        const auto centroids = c.at("centroids").get<std::vector<double>>();
        ASSERT_EQ(levels.size(), centroids.size());
        for (std::size_t i = 0; i < levels.size(); ++i) EXPECT_NEAR(levels[i], centroids[i], 1e-6) << "k " << k;
        EXPECT_NEAR(squaredError(x, {}, levels), c.at("sse").get<double>(), 1e-6 * c.at("sse").get<double>()) << "k " << k;
    }
}

// Every cut of few points, weighted: nothing beats the programme.
TEST(OptimalTable, KMeansIsNeverBeatenOnWeightedPoints) {
    std::mt19937 random(11);
    for (int round = 0; round < 50; ++round) {
        auto x = normal(10, unsigned(round));
        x[3] = x[7];  // one value twice
        std::vector<float> importance(x.size());
        for (float& w : importance) w = std::uniform_real_distribution<float>(0, 2)(random);
        importance[5] = 0;
        std::vector<std::size_t> order(x.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::sort(order.begin(), order.end(), [&](auto a, auto b) { return x[a] < x[b]; });
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t a = 1; a < x.size(); ++a)
            for (std::size_t b = a + 1; b < x.size(); ++b) {  // three parts
                const std::size_t ends[] = {0, a, b, x.size()};
                double sum = 0;
                for (int p = 0; p < 3; ++p) {
                    double w = 0, wx = 0;
                    for (std::size_t i = ends[p]; i < ends[p + 1]; ++i) w += double(importance[order[i]]), wx += double(importance[order[i]]) * double(x[order[i]]);
                    if (!(w > 0)) continue;
                    for (std::size_t i = ends[p]; i < ends[p + 1]; ++i) sum += double(importance[order[i]]) * std::pow(double(x[order[i]]) - wx / w, 2);
                }
                least = std::min(least, sum);
            }
        EXPECT_NEAR(squaredError(x, importance, leastSquaresLevels(weightedPoints(x, importance), 3)), least, 1e-6 * least + 1e-9);
    }
}

TEST(OptimalTable, FewDistinctValuesAreKeptExactly) {
    const std::vector<float> x = {2, -1, 2, 2, 0.5f, -1};
    EXPECT_EQ(leastSquaresLevels(weightedPoints(x, {}), 4), (std::vector<float>{-1, 0.5f, 2}));
    EXPECT_TRUE(leastSquaresLevels(weightedPoints({}, {}), 4).empty());
    EXPECT_TRUE(equalProbabilityLevels(weightedPoints({}, {}), 4).empty());
}

// Lloyd and Max's optimum for the bell curve, from 200 000 draws that are counted into bins.
TEST(OptimalTable, BinsCostNothingThatShows) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/misc/misc.json");
    const auto known = nlohmann::json::parse(file).at("lloyd_max_gauss");
    const auto x = normal(200000, 5);
    for (const int k : {2, 4, 8, 16}) {
        const double mse = squaredError(x, {}, leastSquaresLevels(weightedPoints(x, {}), k)) / double(x.size());
        EXPECT_NEAR(mse, known.at(std::to_string(k)).at("mse").get<double>(), 0.02 * mse) << k;
    }
    const std::vector<float> part(x.begin(), x.begin() + kExactPoints), twice = [&] {
        auto all = part;
        all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    const double exact = squaredError(part, {}, leastSquaresLevels(weightedPoints(part, {}), 16));
    const double bins = squaredError(part, {}, leastSquaresLevels(weightedPoints(twice, {}), 16));
    EXPECT_LT(bins, exact * 1.0005);
    EXPECT_GE(bins, exact * (1 - 1e-9));
}

TEST(OptimalTable, EqualPartsHoldEqualWeight) {
    std::vector<float> x;
    for (int i = 0; i < 12; ++i) x.push_back(float(i));
    EXPECT_EQ(equalProbabilityLevels(weightedPoints(x, {}), 4), (std::vector<float>{1, 4, 7, 10}));
    const std::vector<float> two = {0, 1}, weights = {3, 1};  // parts of weight 2: 0 0 | 0 1
    EXPECT_EQ(equalProbabilityLevels(weightedPoints(two, weights), 2), (std::vector<float>{0, 0.5f}));
}

TEST(LookupCodecs, KMeansNeverLosesToTheOtherTables) {
    const auto x = normal(4096, 9);
    for (int bits = 1; bits <= 8; ++bits) {
        double errors[3];
        int at = 0;
        for (const char* name : {"kmeans", "quantile", "equal"}) {
            QuantSpec spec;
            spec.codec = name;
            spec.bits = bits;
            const Codec& codec = codecOf(spec);
            std::vector<std::byte> inner(std::size_t(codec.innerBytes(spec)));
            GroupParameters group;
            group.inner = inner;
            const auto [lo, hi] = std::minmax_element(x.begin(), x.end());
            codec.fit(spec, x, {}, {*lo, *hi}, group);
            errors[at++] = squaredError(x, {}, codec.levels(spec, group));
            EXPECT_EQ(codec.parameterBits(spec), 32 << bits);
        }
        EXPECT_LE(errors[0], errors[1]) << bits;
        EXPECT_LE(errors[0], errors[2]) << bits;
    }
}

TEST(OptimalTable, ManyValuesInChunksGiveTheSamePointsForEveryNumberOfThreads) {
    std::mt19937 random(9);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> x(5'300'000), importance(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = normal(random), importance[i] = float(i % 3);
    const auto in = [](Workers& workers) { return [&workers](std::int64_t n, const std::function<void(std::int64_t)>& body) { workers.forEach(n, body); }; };
    Workers one(1), three(3);
    const WeightedPoints a = weightedPoints(x, importance, in(one)), b = weightedPoints(x, importance, in(three)), whole = weightedPoints(x, importance);
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.weights, b.weights);
    ASSERT_EQ(a.values.size(), whole.values.size());
    for (std::size_t i = 0; i < whole.values.size(); ++i) ASSERT_NEAR(a.values[i], whole.values[i], 1e-9 * std::fabs(whole.values[i]));
    EXPECT_EQ(a.weights, whole.weights);
}

TEST(OptimalTable, AStopEndsALongSearch) {
    std::mt19937 random(10);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> x(400'000);
    for (float& v : x) v = normal(random);
    std::stop_source stop;
    stop.request_stop();
    const std::stop_token token = stop.get_token();
    EXPECT_TRUE(leastSquaresLevels(weightedPoints(x, {}), 256, &token).empty());
    Workers workers(2);
    JobContext job(token);
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{})}) {
        QuantSpec spec{"kmeans", 8, true, true, granularity};
        EXPECT_THROW(quantizeWeights(Tensor::of<float>({4, 100'000}, x), {1, 4, 100'000}, spec, workers, job), Cancelled);
    }
}

}  // namespace
}  // namespace bitlathe
