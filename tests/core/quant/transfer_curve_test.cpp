#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/group_fit.h"
#include "core/quant/transfer_curve.h"
#include "tests/core/quant/every_spec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace bitlathe {
namespace {

struct Fitted {
    std::vector<float> values;
    QuantizedTensor q;
};

Fitted fitted(const QuantSpec& spec, const ChannelLayout& layout, unsigned seed = 5) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.01f, 0.2f);
    Fitted f;
    f.values.resize(static_cast<std::size_t>(layout.channels * layout.perChannel()));
    for (float& v : f.values) v = normal(random);
    f.q.spec = spec;
    f.q.layout = layout;
    Workers workers(1);
    JobContext job;
    fitGroups(f.values, f.q, workers, job);
    return f;
}

// x̂ as the curve says it: the last corner that is not above x.
float along(const TransferCurve& curve, float x) {
    const auto after = std::upper_bound(curve.in.begin(), curve.in.end(), x);
    return curve.out[static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - curve.in.begin() - 1, 0))];
}

constexpr ChannelLayout kLayout{2, 5, 300};

TEST(TransferCurve, EveryFormatsStaircaseIsTheCodecsOwnAtEveryNumber) {
    for (const QuantSpec& spec : everySpec()) {
        SCOPED_TRACE(shortText({spec, std::nullopt}));
        const Fitted f = fitted(spec, kLayout);
        const std::int64_t group = f.q.grid().groups / 2;
        const TransferCurve curve = transferCurve(f.values, f.q, group, {-1, 1});
        ASSERT_FALSE(curve.in.empty());
        ASSERT_LE(curve.in.size(), TransferCurve::kMostPoints + 2);
        ASSERT_EQ(curve.in.size(), curve.out.size());
        ASSERT_EQ(curve.levels.size(), curve.codes.size());
        EXPECT_TRUE(std::is_sorted(curve.in.begin(), curve.in.end()));
        EXPECT_TRUE(std::is_sorted(curve.out.begin(), curve.out.end()));
        EXPECT_TRUE(std::is_sorted(curve.levels.begin(), curve.levels.end()));
        std::vector<float> x = curve.in, back;
        std::mt19937 random(1);
        std::uniform_real_distribution<float> anywhere(curve.in.front(), curve.in.back());
        for (int i = 0; !curve.sampled && i < 4000; ++i) x.push_back(anywhere(random));
        for (std::size_t i = 0; !curve.sampled && i < curve.in.size(); ++i)
            for (const float to : {-INFINITY, INFINITY}) x.push_back(std::clamp(std::nextafter(curve.in[i], to), curve.in.front(), curve.in.back()));
        back.resize(x.size());
        roundTrip(f.q, group, std::max(curve.part, 0), x, back);
        // Points of a lattice are told apart by sums: on a border between two, rounding chooses.
        const float blur = codecOf(spec).coupled > 0 ? 1e-5f : 0.0f;
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (blur > 0 && along(curve, x[i] * (1 - blur)) != along(curve, x[i] * (1 + blur))) continue;
            ASSERT_EQ(along(curve, x[i]), back[i]) << x[i];
        }
    }
}

TEST(TransferCurve, CountsTheWeightsOfTheShownPieceOnItsLevels) {
    for (const QuantSpec& spec : everySpec()) {
        SCOPED_TRACE(shortText({spec, std::nullopt}));
        const Fitted f = fitted(spec, kLayout);
        const std::int64_t group = f.q.grid().groups - 1;  // the short one, where groups do not fill channels
        const TransferCurve curve = transferCurve(f.values, f.q, group, {-1, 1});
        EXPECT_EQ(std::accumulate(curve.counts.begin(), curve.counts.end(), std::int64_t{0}), curve.length);
        if (curve.channel < 0) {
            EXPECT_EQ(curve.length, std::int64_t(f.values.size()));
            continue;
        }
        EXPECT_EQ(curve.channel, kLayout.channels - 1);
        EXPECT_LE(curve.element + curve.length, kLayout.perChannel());
        EXPECT_EQ(f.q.grid().groupOf(curve.channel, curve.element), group);
        EXPECT_EQ(curve.part >= 0, codecOf(spec).partSize > 0 && codecOf(spec).partSize < codecOf(spec).blockSize);
    }
}

TEST(TransferCurve, ShowsThresholdsThatAreNotHalfWay) {
    QuantSpec spec;
    spec.codec = "ternary";
    spec.bits = 2;
    spec.granularity = PerTensor{};
    const Fitted f = fitted(spec, kLayout);
    const TransferCurve curve = transferCurve(f.values, f.q, 0, {-1, 1});
    ASSERT_EQ(curve.in.size(), 6u);  // two ends and two rises
    double mean = 0;
    for (const float v : f.values) mean += std::abs(double(v));
    EXPECT_NEAR(curve.in[3], 0.7 * mean / double(f.values.size()), 1e-6);
    EXPECT_LT(curve.in[3], 0.49 * curve.levels[2]);
}

TEST(TransferCurve, ASoftClipWidensTheLastStepsAndKeepsAllLevels) {
    QuantSpec spec;
    spec.bits = 4;
    spec.granularity = PerTensor{};
    spec.range = Manual{-0.3, 0.3};
    const Fitted hard = fitted(spec, kLayout);
    spec.knee = 0.5;
    const Fitted soft = fitted(spec, kLayout);
    const TransferCurve a = transferCurve(hard.values, hard.q, 0, {-1, 1}), b = transferCurve(soft.values, soft.q, 0, {-1, 1});
    EXPECT_EQ(a.levels, b.levels);
    EXPECT_EQ(b.levels.size(), 15u);
    EXPECT_EQ(b.out.back(), b.levels.back());
    const auto lastRise = [](const TransferCurve& c) { return c.in[c.in.size() - 2]; };
    EXPECT_GT(lastRise(b), lastRise(a));
    EXPECT_EQ(along(b, 0.1f), along(a, 0.1f)) << "below the knee nothing bends";
}

TEST(TransferCurve, SamplesWhatHasTooManySteps) {
    QuantSpec spec;
    spec.bits = 16;
    spec.granularity = PerTensor{};
    const Fitted f = fitted(spec, kLayout);
    const TransferCurve curve = transferCurve(f.values, f.q, 0, {-1, 1});
    EXPECT_TRUE(curve.sampled);
    EXPECT_EQ(curve.levels.size(), 65535u);
    EXPECT_EQ(curve.codes.front(), -32767);
    EXPECT_EQ(curve.in.size(), TransferCurve::kMostPoints);
}

TEST(TransferCurve, AGroupOfZerosHasOneLevel) {
    QuantSpec spec;
    spec.codec = "nf4";
    spec.bits = 4;
    spec.granularity = PerTensor{};
    QuantizedTensor q;
    q.spec = spec;
    q.layout = {1, 2, 8};
    const std::vector<float> zeros(16);
    Workers workers(1);
    JobContext job;
    fitGroups(zeros, q, workers, job);
    const TransferCurve curve = transferCurve(zeros, q, 0, {0, 0});
    ASSERT_EQ(curve.levels.size(), 1u);
    EXPECT_EQ(curve.levels[0], 0.0f);
    EXPECT_EQ(curve.counts[0], 16u);
}

}  // namespace
}  // namespace bitlathe
