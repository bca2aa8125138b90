#include "core/data/sample_split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace bitlathe {
namespace {

TEST(SampleSplit, PicksTheWantedNumberInOrderAndTheSameOnesEveryTime) {
    const auto picked = pickSamples(1000, 37, 5);
    EXPECT_EQ(picked.size(), 37u);
    EXPECT_TRUE(std::is_sorted(picked.begin(), picked.end()));
    EXPECT_EQ(std::set<std::int64_t>(picked.begin(), picked.end()).size(), 37u);
    EXPECT_EQ(picked, pickSamples(1000, 37, 5));
    EXPECT_NE(picked, pickSamples(1000, 37, 6));
    // For ever: projects and scripts name a seed.
    EXPECT_EQ(pickSamples(10, 3, 1), (std::vector<std::int64_t>{3, 6, 7}));
}

TEST(SampleSplit, TakesAllWhereMoreAreWantedThanThereAre) {
    EXPECT_EQ(pickSamples(3, 7, 1), (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_TRUE(pickSamples(3, 0, 1).empty());
    EXPECT_TRUE(pickSamples(0, 4, 1).empty());
}

TEST(SampleSplit, EverySampleIsPickedAboutEquallyOften) {
    std::vector<int> often(20, 0);
    constexpr int kSeeds = 4000;
    for (int seed = 0; seed < kSeeds; ++seed)
        for (const std::int64_t index : pickSamples(20, 5, static_cast<std::uint64_t>(seed))) ++often[static_cast<std::size_t>(index)];
    const double expected = kSeeds * 0.25, deviation = std::sqrt(kSeeds * 0.25 * 0.75);
    for (const int times : often) EXPECT_NEAR(times, expected, 5 * deviation);
}

TEST(SampleSplit, TheOthersAreAllThatWereNotPicked) {
    EXPECT_EQ(samplesWithout(6, {0, 3, 5}), (std::vector<std::int64_t>{1, 2, 4}));
    EXPECT_EQ(samplesWithout(3, {}), (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_TRUE(samplesWithout(2, {0, 1}).empty());
}

TEST(SampleSplit, AFifthCalibratesAndAtMostFiveHundred) {
    EXPECT_EQ(usualCalibration(1000), 200);
    EXPECT_EQ(usualCalibration(60000), 500);
    EXPECT_EQ(usualCalibration(2), 1);
}

}  // namespace
}  // namespace bitlathe
