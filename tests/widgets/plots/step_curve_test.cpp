#include "widgets/plots/step_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/widgets/plots/report_fixture.h"

namespace bitlathe {
namespace {

double sumOf(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

TEST(StepCurve, IsTheShareOfAllWeightsThoseOutsideIncluded) {
    Histogram h = emptyHistogram(0, 4, 4);
    h.counts = {1, 2, 3, 0};
    h.below = 3;
    h.above = 1;
    const StepCurve c = stepCurve(h);
    EXPECT_EQ(c.shares, (std::vector<double>{0.1, 0.2, 0.3, 0}));
    EXPECT_EQ(c.filled(), (Extent{0, 3}));
    EXPECT_EQ(c.binAt(2.5), 2);
    EXPECT_EQ(c.binAt(-1), -1);
    EXPECT_EQ(c.binAt(4), -1);
}

TEST(StepCurve, OfNothingIsEmpty) {
    EXPECT_TRUE(stepCurve(Histogram{}).shares.empty());
    EXPECT_TRUE(stepCurve(emptyHistogram(0, 1, 8)).shares.empty());
}

TEST(StepCurve, CoarseningKeepsTheDensity) {
    const StepCurve fine = stepCurve(drawnReport({})->weights);
    const StepCurve coarse = coarsened(fine, fine.width * 6.5);
    EXPECT_EQ(coarse.shares.size(), 73u);
    EXPECT_NEAR(sumOf(coarse.shares) * coarse.width, sumOf(fine.shares) * fine.width, 1e-12);
    EXPECT_EQ(coarsened(fine, fine.width / 2).shares, fine.shares);
}

TEST(LevelBars, HoldEveryWeightOnceOnTheSameScale) {
    for (const int group : {0, 64}) {
        const auto report = drawnReport({.group = group});
        const StepCurve curve = stepCurve(report->quantized);
        const std::vector<LevelBar> bars = levelBars(curve, report->transfer.levels);
        double area = 0;
        for (std::size_t i = 0; i < bars.size(); ++i) {
            area += bars[i].share * (bars[i].hi - bars[i].lo);
            EXPECT_LT(bars[i].lo, bars[i].level);
            EXPECT_LT(bars[i].level, bars[i].hi);
            if (i) {
                EXPECT_NEAR(bars[i].lo, bars[i - 1].hi, 1e-9);
            }
        }
        EXPECT_NEAR(area, sumOf(curve.shares) * curve.width, 1e-9) << "group " << group;
    }
}

TEST(LevelBars, PutTheCountOfALevelOnThatLevel) {
    const auto report = drawnReport({.bits = 3});
    const std::vector<LevelBar> bars = levelBars(stepCurve(report->quantized), report->transfer.levels);
    ASSERT_EQ(bars.size(), report->transfer.levels.size());
    const Histogram& q = report->quantized;
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const auto bin = std::min(std::size_t((report->transfer.levels[i] - q.lo) / q.binWidth()), q.counts.size() - 1);
        const double expected = double(q.counts[bin]) / double(report->statistics.count) * q.binWidth() / (bars[i].hi - bars[i].lo);
        EXPECT_NEAR(bars[i].share, expected, 1e-9) << "level " << i;
    }
}

TEST(LevelBars, NeedTwoLevels) {
    const auto report = drawnReport({});
    const std::vector<float> one{0};
    EXPECT_TRUE(levelBars(stepCurve(report->quantized), one).empty());
    const std::vector<float> twice{0, 0};
    EXPECT_TRUE(levelBars(stepCurve(report->quantized), twice).empty());
}

TEST(LevelBars, LevelsThatABinCannotTellApartAreOneBar) {
    StepCurve curve{-1, 0.01, std::vector<double>(200, 0.005)};
    std::vector<float> levels;
    for (int exponent = 0; exponent >= -12; --exponent)
        for (const double sign : {-1.0, 1.0}) levels.push_back(float(sign * std::pow(2.0, exponent)));
    levels.push_back(0);
    std::sort(levels.begin(), levels.end());
    const std::vector<LevelBar> bars = levelBars(curve, levels);
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < bars.size(); ++i) {
        EXPECT_GE(bars[i].hi - bars[i].lo, 0.01 * (1 - 1e-6));
        EXPECT_NEAR(bars[i].share, 0.005, 0.0051) << "a flat curve has flat bars";
        sum += bars[i].share * (bars[i].hi - bars[i].lo) / 0.01;
        count += bars[i].levels;
        if (i > 0) {
            EXPECT_DOUBLE_EQ(bars[i].lo, bars[i - 1].hi);
        }
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    EXPECT_GE(count, int(levels.size()));
}

}  // namespace
}  // namespace bitlathe
