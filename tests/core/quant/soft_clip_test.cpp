#include "core/quant/soft_clip.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/quantized_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace bitlathe {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr ValueRange kRange{-0.5f, 2.0f};

std::vector<float> normal(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> draw(0, 1);
    std::vector<float> values(count);
    for (float& v : values) v = draw(random);
    return values;
}

TEST(SoftClip, IsTheIdentityBelowTheKneeAndReachesTheEnds) {
    for (const double knee : {0.0, 0.1, 0.5, 1.0}) {
        for (const float x : {0.0f, 0.3f, 0.9f})
            if (double(x) <= 1 - knee) {
                EXPECT_EQ(shaped(2 * x, kRange, knee), 2 * x) << knee;
                EXPECT_EQ(shaped(-0.5f * x, kRange, knee), -0.5f * x) << knee;
            }
        for (const float x : {4.0f, 100.0f, std::numeric_limits<float>::max(), kInf}) {
            EXPECT_EQ(shaped(x, kRange, knee), 2.0f) << knee;
            EXPECT_EQ(shaped(-x, kRange, knee), -0.5f) << knee;
        }
        EXPECT_TRUE(std::isnan(shaped(std::numeric_limits<float>::quiet_NaN(), kRange, knee)));
        EXPECT_EQ(shaped(0.0f, kRange, knee), 0.0f);
    }
}

TEST(SoftClip, KneeZeroIsTheHardClip) {
    for (const float x : normal(1000, 1)) EXPECT_EQ(shaped(3 * x, kRange, 0.0), std::clamp(3 * x, kRange.lo, kRange.hi));
}

TEST(SoftClip, RowsAreTheSameBitsAsSingleValues) {
    auto x = normal(1003, 2);
    x[7] = std::numeric_limits<float>::quiet_NaN(), x[8] = kInf, x[9] = -kInf, x[10] = -0.0f;
    for (const double knee : {0.0, 0.2, 1.0})
        for (const ValueRange range : {kRange, ValueRange{-1, 1}, ValueRange{0, 1}, ValueRange{-1, 0}, ValueRange{0.2f, 0.7f}}) {
            std::vector<float> y(x.size());
            shape(x, range, knee, y);
            for (std::size_t i = 0; i < x.size(); ++i) {
                const float want = shaped(x[i], range, knee);
                if (std::isnan(want)) EXPECT_TRUE(std::isnan(y[i]));
                else EXPECT_EQ(y[i], want) << x[i] << ' ' << knee;
            }
        }
}

TEST(SoftClip, FollowsItsFormula) {
    // c = 2, w = 1: at x = 2 u = 1/2 and the value is 2 − 1/4.
    EXPECT_EQ(shaped(2.0f, {-2, 2}, 0.5), 1.75f);
    EXPECT_EQ(shaped(-2.0f, {-2, 2}, 0.5), -1.75f);
    EXPECT_EQ(shaped(2.5f, {-2, 2}, 0.5), 2.0f - 0.0625f);
}

TEST(SoftClip, IsMonotoneToTheLastBitAndNeverAboveTheEnd) {
    for (const double knee : {0.001, 0.07, 0.3, 1.0})
        for (const float end : {1.0f, 0.123f, 3e-30f, 2e38f}) {
            const SoftEnd soft = softEnd(end, knee);
            float before = 0;
            for (double at = 0.99 * (1 - knee); at <= 1.02 * (1 + knee); at += 1e-3) {
                float x = float(at * double(end));
                for (int i = 0; i < 50; ++i, x = std::nextafter(x, kInf)) {
                    const float y = shapedMagnitude(x, soft);
                    ASSERT_GE(y, before) << x;
                    ASSERT_LE(y, end) << x;
                    before = y;
                }
                x = float(at * double(end));
            }
        }
}

TEST(SoftClip, HasAContinuousFirstDerivative) {
    const SoftEnd end = softEnd(1.0f, 0.4);
    const auto slope = [&](double x) { return (double(shapedMagnitude(float(x + 1e-3), end)) - double(shapedMagnitude(float(x - 1e-3), end))) / 2e-3; };
    EXPECT_NEAR(slope(0.5), 1, 1e-3);
    for (double x = 0.55; x < 1.5; x += 0.01) EXPECT_NEAR(slope(x), std::clamp((1.4 - x) / 0.8, 0.0, 1.0), 5e-3) << x;
}

TEST(SoftClip, TheInverseFindsTheValueAgain) {
    const SoftEnd end = softEnd(1.5f, 0.3);
    for (float x = 0; x < 1.94f; x += 0.01f) EXPECT_NEAR(unshapedMagnitude(double(shapedMagnitude(x, end)), end), double(x), 1e-4);
    EXPECT_DOUBLE_EQ(unshapedMagnitude(1.5, end), 1.5 + double(end.width));
}

TEST(SoftClip, EveryFormatWithARangeCodesShapedValues) {
    const auto x = normal(700, 3);
    for (const Codec& codec : codecs()) {
        QuantSpec spec;
        spec.codec = codec.name;
        spec.bits = std::min(codec.maxBits, 4);
        spec.bits = std::max(spec.bits, codec.minBits);
        if (codec.takesTable) spec.table = {-1, -0.4f, 0, 0.3f, 1};
        spec.knee = 0.3;
        if (codec.blockSize > 0 && !codec.takesRange) continue;
        std::vector<std::byte> inner(static_cast<std::size_t>(codec.innerBytes(spec)));
        GroupParameters group;
        group.inner = inner;
        codec.fit(spec, x, {}, {-1.5f, 1.5f}, group);
        const std::size_t bytes = static_cast<std::size_t>(bitsOf(codec.codeType(spec)) / 8);
        std::vector<std::byte> soft(x.size() * bytes), expected(soft.size());
        encodeShaped(codec, spec, group, x, soft);
        std::vector<float> bent(x);
        if (isSoft(spec)) shape(x, codec.representable(spec, group), spec.knee, bent);
        codec.encode(spec, group, bent, expected);
        EXPECT_EQ(soft, expected) << codec.name;
        EXPECT_EQ(isSoft(spec), codec.takesRange) << codec.name;
    }
    QuantSpec sign;
    sign.bits = 1;
    sign.knee = 0.5;
    EXPECT_FALSE(isSoft(sign));
}

TEST(SoftClip, QuantizedWeightsFollowTheKneeInEveryGroup) {
    Workers workers(2);
    JobContext job;
    const auto x = normal(4 * 96, 5);
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{32})}) {
        QuantSpec spec;
        spec.bits = 5;
        spec.granularity = granularity;
        spec.range = Manual{-1, 1};
        const auto hard = quantizeWeights(Tensor::of<float>({4, 96}, x), {1, 4, 96}, spec, workers, job);
        spec.knee = 0.4;
        const auto soft = quantizeWeights(Tensor::of<float>({4, 96}, x), {1, 4, 96}, spec, workers, job);
        EXPECT_EQ(soft.scales, hard.scales);
        const auto codes = soft.codes.as<std::int8_t>(), before = hard.codes.as<std::int8_t>();
        int fewer = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float y = shaped(x[i], {-1, 1}, 0.4);
            EXPECT_EQ(codes[i], encodeAffine(y, soft.affine(0), {-15, 15})) << i;
            fewer += std::abs(codes[i]) == 15;
        }
        EXPECT_LT(fewer, std::count_if(before.begin(), before.end(), [](std::int8_t c) { return std::abs(c) == 15; }));
    }
}

}  // namespace
}  // namespace bitlathe
