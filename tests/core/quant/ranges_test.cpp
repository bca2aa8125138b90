#include "core/quant/ranges.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/least_error.h"
#include "core/quant/order_statistics.h"
#include "core/quant/range_trial.h"
#include "core/quant/soft_clip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace bitlathe {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

QuantSpec specOf(int bits, bool symmetric, RangeRule range) {
    QuantSpec spec;
    spec.bits = bits;
    spec.symmetric = symmetric;
    spec.range = range;
    return spec;
}

std::vector<float> normal(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw(0, 1);
    std::vector<float> values(count);
    for (float& v : values) v = draw(random);
    return values;
}

double squaredError(std::span<const float> x, const QuantSpec& spec, ValueRange range) {
    const Codec& codec = codecOf(spec);
    GroupParameters group;
    codec.fit(spec, x, {}, range, group);
    std::vector<std::byte> codes(x.size() * static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8));
    std::vector<float> y(x.size());
    codec.encode(spec, group, x, codes);
    codec.decode(spec, group, codes, y);
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (double(x[i]) - double(y[i])) * (double(x[i]) - double(y[i]));
    return sum;
}

TEST(Ranges, MinMaxIgnoresNanAndInfinities) {
    EXPECT_EQ(finiteRange(std::vector<float>{kNan, -1, 3, kInf, -kInf}), (ValueRange{-1, 3}));
    EXPECT_EQ(finiteRange(std::vector<float>{2, 3}), (ValueRange{2, 3}));
    EXPECT_EQ(finiteRange(std::vector<float>{kNan}), ValueRange{});
    EXPECT_EQ(finiteRange({}), ValueRange{});
}

TEST(Ranges, WeightRangesHoldZero) {
    const std::vector<float> positive = {2, 3, 4};
    for (const RangeRule& rule : {RangeRule(MinMax{}), RangeRule(Percentile{90}), RangeRule(LeastError{2}), RangeRule(Entropy{64, 16}), RangeRule(Aciq{}), RangeRule(Adaptive{})}) {
        const ValueRange range = weightRange(positive, specOf(4, false, rule));
        EXPECT_LE(range.lo, 0.0f) << rangeText(rule);
        EXPECT_GE(range.hi, 0.0f) << rangeText(rule);
    }
}

TEST(Ranges, PercentileCutsOrderStatistics) {
    std::vector<float> x;
    for (int i = -100; i <= 99; ++i) x.push_back(float(i));  // 200 values
    EXPECT_EQ(weightRange(x, specOf(8, false, Percentile{98})), (ValueRange{-98, 97}));  // 4 values: 2 at each end
    EXPECT_EQ(weightRange(x, specOf(8, true, Percentile{98})), (ValueRange{-98, 98}));   // |x| 100 99 99 98 are cut, 98 is next
    EXPECT_EQ(weightRange(x, specOf(8, false, Percentile{100})), (ValueRange{-100, 99}));
}

TEST(Ranges, ManyValuesInParallelGiveTheSameBits) {
    auto x = normal(2'500'000, 6);
    x[17] = kNan, x[18] = kInf, x[2'000'000] = -kInf;
    for (std::size_t i = 100; i < 5000; ++i) x[i] = 0;
    JobContext job;
    for (const RangeRule& rule : {RangeRule(MinMax{}), RangeRule(MovingAverage{}), RangeRule(Percentile{99.9}), RangeRule(Percentile{51}), RangeRule(LeastError{2}), RangeRule(LeastError{2.4}), RangeRule(Entropy{}), RangeRule(Manual{-1, 2}), RangeRule(Aciq{}), RangeRule(Aciq{Aciq::Shape::Laplace})})
        for (const bool symmetric : {true, false}) {
            const QuantSpec spec = specOf(4, symmetric, rule);
            const ValueRange expected = weightRange(x, spec);
            for (const int threads : {1, 3}) {
                Workers workers(threads);
                EXPECT_EQ(weightRange(x, spec, workers, job), expected) << rangeText(rule);
            }
        }
    const std::vector<float> nans(300'000, kNan);
    Workers workers(2);
    for (const RangeRule& rule : {RangeRule(Percentile{99}), RangeRule(LeastError{2}), RangeRule(Entropy{}), RangeRule(Aciq{}), RangeRule(Adaptive{})}) EXPECT_EQ(weightRange(nans, specOf(4, true, rule), workers, job), ValueRange{});
}

TEST(Ranges, PercentilesOfSmallGroupsAreThoseOfTheSortedValues) {
    for (const std::size_t count : {1u, 2u, 31u, 32u, 33u, 128u, 1000u, 4097u})
        for (const double percent : {50.5, 80.0, 99.0, 99.9, 100.0})
            for (const unsigned seed : {1u, 2u, 3u}) {
                auto x = normal(count, seed);
                for (std::size_t i = 0; i < count; i += 3) x[i] = x[i / 2];  // ties
                auto sorted = x, magnitudes = x;
                for (float& v : magnitudes) v = std::fabs(v);
                std::sort(sorted.begin(), sorted.end());
                std::sort(magnitudes.begin(), magnitudes.end());
                x.insert(x.begin() + std::ptrdiff_t(count / 2), {kNan, kInf, -kInf});
                const auto cut = std::min(static_cast<std::size_t>((100 - percent) / 100 * double(count) + 1e-9), count - 1);
                const std::size_t side = std::min(cut / 2, (count - 1) / 2);
                EXPECT_EQ(percentileOf(x, percent, true).hi, magnitudes[count - 1 - cut]) << count << ' ' << percent;
                EXPECT_EQ(percentileOf(x, percent, false), (ValueRange{sorted[side], sorted[count - 1 - side]})) << count << ' ' << percent;
            }
}

TEST(Ranges, ManualIsTakenAsGiven) {
    EXPECT_EQ(weightRange(std::vector<float>{5}, specOf(8, false, Manual{-0.25, 0.5})), (ValueRange{-0.25f, 0.5f}));
}

TEST(LeastError, IsNeverWorseThanMinMax) {
    for (const std::size_t count : {3u, 32u, 1000u, 20000u})
        for (int bits = 1; bits <= 8; ++bits)
            for (const bool symmetric : {true, false}) {
                const auto x = normal(count, 11);
                const double minmax = squaredError(x, specOf(bits, symmetric, MinMax{}), weightRange(x, specOf(bits, symmetric, MinMax{})));
                const QuantSpec spec = specOf(bits, symmetric, LeastError{2});
                EXPECT_LE(squaredError(x, spec, weightRange(x, spec)), minmax * (1 + 1e-3)) << bits << " bits, " << count;
            }
}

TEST(LeastError, FindsTheOptimalClipOfAGaussian) {
    // Optimal clipping of N(0, 1) on the narrow symmetric grid, solved numerically: bits, clip, SQNR in dB.
    const struct { int bits; double clip, sqnr; } kOptimum[] = {{2, 1.224, 7.21}, {3, 1.952, 13.29}, {4, 2.474, 18.90}, {5, 2.899, 24.33}, {6, 3.270, 29.71}, {8, 3.920, 40.54}};
    const auto x = normal(200000, 4);
    double power = 0;
    for (const float v : x) power += double(v) * double(v);
    for (const auto& optimum : kOptimum) {
        const QuantSpec spec = specOf(optimum.bits, true, LeastError{2});
        const ValueRange range = weightRange(x, spec);
        EXPECT_NEAR(range.hi, optimum.clip, 0.06) << optimum.bits;
        EXPECT_GE(10 * std::log10(power / squaredError(x, spec, range)), optimum.sqnr - 0.05) << optimum.bits;
    }
}

TEST(LeastError, BinsStandForManyValuesWithoutHarm) {
    for (int bits = 2; bits <= 8; ++bits)
        for (const bool symmetric : {true, false}) {
            auto x = normal(static_cast<std::size_t>(searchBins(bits)) + 1, 8);
            const QuantSpec spec = specOf(bits, symmetric, LeastError{2});
            const ValueRange binned = weightRange(x, spec);
            x.pop_back();
            const ValueRange exact = weightRange(x, spec);
            EXPECT_NEAR(squaredError(x, spec, binned) / squaredError(x, spec, exact), 1.0, 0.01) << bits << " bits";
        }
}

TEST(LeastError, TheFastErrorIsTheCodecs) {
    const auto x = normal(3000, 21);
    std::vector<float> counts(x.size());
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = float(i % 5);
    for (const Codec& codec : codecs()) {
        if (!codec.squaredError) continue;
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits)
            for (const bool symmetric : {true, false})
                for (const ValueRange range : {ValueRange{-4, 4}, ValueRange{-1, 0.7f}, ValueRange{0, 2}}) {
                    const QuantSpec spec = specOf(bits, symmetric, MinMax{});
                    GroupParameters group;
                    codec.fit(spec, x, {}, range, group);
                    const double expected = squaredError(x, spec, range);
                    EXPECT_NEAR(codec.squaredError(spec, group, x, {}), expected, (bits > 10 ? 1e-2 : 1e-5) * expected) << bits;  // fine steps: the float's own rounding shows
                    EXPECT_GT(codec.squaredError(spec, group, x, counts), expected);
                }
    }
}

TEST(LeastError, TheTrialsErrorIsTheCodecsForEveryFormatAndEveryIsa) {
    const auto x = normal(777, 22);
    std::vector<float> counts(x.size());
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = float(i % 5);
    for (const Codec& codec : codecs()) {
        if (!codec.takesRange || codec.partSize > 0) continue;
        for (const double knee : {0.0, 0.3})
            for (const ValueRange range : {ValueRange{-4, 4}, ValueRange{-1, 0.7f}}) {
                QuantSpec spec;
                spec.codec = codec.name;
                spec.bits = std::clamp(4, codec.minBits, codec.maxBits);
                spec.knee = knee;
                if (codec.takesTable) spec.table = {-1, -0.4f, 0, 0.3f, 1};
                const RangePoints points{x, counts, {-4, 4}, false};
                std::vector<std::byte> inner(static_cast<std::size_t>(codec.innerBytes(spec)));
                GroupParameters group;
                group.inner = inner;
                codec.fit(spec, x, counts, range, group);
                std::vector<std::byte> codes(x.size() * static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8));
                std::vector<float> y(x.size());
                encodeShaped(codec, spec, group, x, codes);
                codec.decode(spec, group, codes, y);
                for (const double norm : {2.0, 2.4}) {
                    double want = 0;
                    for (std::size_t i = 0; i < x.size(); ++i) want += double(counts[i]) * std::pow(std::fabs(double(x[i]) - double(y[i])), norm);
                    RangeTrial reference(points, spec);
                    const double plain = reference.error(range, norm);
                    EXPECT_NEAR(plain, want, 1e-4 * want) << codec.name << " knee " << knee;
                    EXPECT_EQ(reference.error(range, norm), plain);
                    for (const Isa isa : isasUpTo(detectIsa())) EXPECT_EQ(RangeTrial(points, spec, isa).error(range, norm), plain) << codec.name << ' ' << isaName(isa);
                }
            }
    }
}

TEST(Entropy, ConstantAndTinyTensorsHaveARange) {
    EXPECT_EQ(weightRange(std::vector<float>(50, 0.0f), specOf(4, true, Entropy{})), ValueRange{});
    const ValueRange one = weightRange(std::vector<float>{-3.0f}, specOf(4, true, Entropy{}));
    EXPECT_LE(one.lo, -2.9f);
}

}  // namespace
}  // namespace bitlathe
