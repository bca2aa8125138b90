#include "core/quant/observer.h"

#include "core/base/parallel.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace bitlathe {
namespace {

// Thresholds to 1e-6 of the larger end, zero points exactly.
constexpr double kTolerance = 1e-6;

RangeRule ruleOf(const nlohmann::json& result) {
    const std::string method = result["method"];
    const auto& params = result["params"];
    if (method == "moving_average") return MovingAverage{params["c"]};
    if (method == "percentile") return Percentile{params["percentile"]};
    if (method == "entropy") return Entropy{params["bins"], params["quantized_bins"]};
    return MinMax{};
}

TEST(Observer, ThresholdsAgreeWithOnnxRuntimesCalibrators) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/tests/golden/calib/calib.json");
    const auto sets = nlohmann::json::parse(file);
    Workers workers(2);
    int compared = 0;
    for (const auto& [name, set] : sets.items()) {
        const auto values = golden<float>("calib/" + name + ".f32.bin");
        for (const auto& expected : set["results"]) {
            ActivationSpec spec;
            spec.range = ruleOf(expected);
            spec.symmetric = expected["params"].value("symmetric", false);
            Observer observer(spec);
            std::size_t at = 0;
            for (const std::size_t batch : set["batches"]) {
                observer.observe(std::span(values).subspan(at, batch), workers);
                at += batch;
            }
            const ValueRange range = observer.result().range;
            const double lo = expected["lo"], hi = expected["hi"], tolerance = kTolerance * std::max(std::fabs(lo), std::fabs(hi));
            SCOPED_TRACE(name + " " + expected["method"].get<std::string>() + " " + expected["params"].dump());
            EXPECT_NEAR(range.lo, lo, tolerance);
            EXPECT_NEAR(range.hi, hi, tolerance);
            const QuantParams u8 = quantParams({8, false, MinMax{}}, range), i8 = quantParams({8, true, MinMax{}}, range);
            EXPECT_EQ(u8.zeroPoint, expected["u8"]["zp"].get<int>());
            EXPECT_NEAR(u8.scale, expected["u8"]["scale"].get<double>(), kTolerance * u8.scale);
            EXPECT_EQ(i8.zeroPoint, 0);
            EXPECT_NEAR(i8.scale, expected["i8_sym"]["scale"].get<double>(), kTolerance * i8.scale);
            const auto signedCodes = affineFromRange(range, {-128, 127}, false);
            EXPECT_EQ(signedCodes.zeroPoint, expected["i8_asym"]["zp"].get<int>());
            ++compared;
        }
    }
    EXPECT_EQ(compared, 44);
}

std::vector<float> noise(std::size_t count, float sigma, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, sigma);
    std::vector<float> values(count);
    for (float& v : values) v = normal(random);
    return values;
}

const RangeRule kRules[] = {MinMax{}, MovingAverage{0.2}, Percentile{99.0}, LeastError{2.0}, Entropy{512, 128}, Manual{-2, 3}, Aciq{}, Aciq{Aciq::Shape::Laplace}, Adaptive{}};

TEST(Observer, ResultsDoNotDependOnThreads) {
    for (const RangeRule& rule : kRules)
        for (const bool symmetric : {false, true}) {
            std::vector<ActivationRange> results;
            for (const int threads : {1, 2, 5}) {
                Workers workers(threads);
                Observer observer({8, symmetric, rule}, true);
                for (unsigned b = 0; b < 3; ++b) observer.observe(noise(300000, 1.0f + float(b), b), workers);
                results.push_back(observer.result());
            }
            EXPECT_EQ(results[0], results[1]);
            EXPECT_EQ(results[0], results[2]);
        }
}

TEST(Observer, MergingEqualsWatchingOneAfterTheOther) {
    Workers workers(1);
    for (const RangeRule& rule : kRules) {
        const ActivationSpec spec{8, false, rule};
        Observer whole(spec), first(spec), second(spec);
        for (unsigned b = 0; b < 6; ++b) {
            const auto batch = noise(5000, b < 3 ? 1.0f : 1.5f, b);
            whole.observe(batch, workers);
            (b < 3 ? first : second).observe(batch, workers);
        }
        first.merge(second);
        const ActivationRange a = whole.result(), b = first.result();
        EXPECT_EQ(a.count, b.count);
        EXPECT_EQ(a.batches, b.batches);
        EXPECT_EQ(a.min, b.min);
        EXPECT_EQ(a.max, b.max);
        // Percentile and entropy: bins of the two halves differ in width; one of 512 bins over ±7.
        const double tolerance = std::holds_alternative<MinMax>(rule) || std::holds_alternative<Manual>(rule) ? 0 : std::holds_alternative<MovingAverage>(rule) ? 1e-6 : 0.3;
        EXPECT_NEAR(a.range.lo, b.range.lo, tolerance);
        EXPECT_NEAR(a.range.hi, b.range.hi, tolerance);
    }
}

TEST(Observer, NanAndInfinitiesAreCountedButChangeNoRange) {
    Workers workers(1);
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    for (const RangeRule& rule : kRules) {
        Observer clean({8, false, rule}), dirty({8, false, rule});
        auto batch = noise(4000, 1, 3);
        clean.observe(batch, workers);
        batch.insert(batch.begin() + 100, {nan, inf, -inf});
        dirty.observe(batch, workers);
        EXPECT_EQ(clean.result().range, dirty.result().range);
        EXPECT_EQ(dirty.result().notFinite, 3);
    }
}

TEST(Observer, NothingSeenAndNothingFiniteGiveAZeroRange) {
    Workers workers(1);
    const std::vector<float> nans(10, std::numeric_limits<float>::quiet_NaN());
    for (const RangeRule& rule : kRules) {
        if (std::holds_alternative<Manual>(rule)) continue;
        Observer observer({8, false, rule}, true);
        EXPECT_EQ(observer.result().range, ValueRange{});
        observer.observe({}, workers);
        observer.observe(nans, workers);
        EXPECT_EQ(observer.result().range, ValueRange{});
        EXPECT_EQ(quantParams({8, false, rule}, observer.result().range).scale, 1.0f);
    }
}

TEST(Observer, ZerosFirstThenValuesKeepsTheZeros) {
    Workers workers(1);
    Observer observer({8, false, Percentile{99.0}});
    observer.observe(std::vector<float>(1000, 0.0f), workers);
    observer.observe(std::vector<float>{-1.0f, 2.0f}, workers);
    const auto result = observer.result();
    std::uint64_t total = 0;
    for (const auto count : result.histogram.counts) total += count;
    EXPECT_EQ(total, 1002u);
    EXPECT_LT(result.range.hi, 0.01f);  // 99.8 % of the values are 0
}

TEST(GrowingHistogram, MemoryStaysBoundedWhenLaterBatchesAreVastlyLarger) {
    Workers workers(1);
    for (const auto of : {GrowingHistogram::Of::Signed, GrowingHistogram::Of::Magnitudes}) {
        GrowingHistogram histogram(of, 2048);
        std::uint64_t seen = 0;
        for (const float size : {1e-30f, 1e-3f, 1.0f, 1e6f, 1e30f, 3e38f}) {
            const auto batch = std::vector<float>{size, -size, size / 3, 0.0f};
            histogram.add(batch, workers);
            seen += batch.size();
            std::uint64_t total = 0;
            for (const auto count : histogram.histogram().counts) total += count;
            EXPECT_EQ(total, seen);
            EXPECT_LE(histogram.histogram().counts.size(), std::size_t(GrowingHistogram::kMaxBins));
            EXPECT_GE(histogram.histogram().hi, double(size) * (1 - 1e-9));
        }
    }
}

}  // namespace
}  // namespace bitlathe
