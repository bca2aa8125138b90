#include "widgets/plots/ticks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace bitlathe {
namespace {

const LabelLength sevenPerLetter = [](const std::string& s) { return 7.0f * float(s.size()); };

TEST(Ticks, AreRoundAndInside) {
    const std::vector<Tick> ticks = linearTicks(-0.357, 0.357, 600, 18, sevenPerLetter);
    ASSERT_GE(ticks.size(), 5u);
    for (const Tick& t : ticks) {
        EXPECT_GE(t.value, -0.357);
        EXPECT_LE(t.value, 0.357);
        EXPECT_NEAR(t.value / 0.05, std::round(t.value / 0.05), 1e-6) << t.label;
    }
}

TEST(Ticks, NeverCollideWhateverTheRange) {
    for (const double lo : {-1e6, -3.7, -1e-5, 0.0, 0.123, 99.0, 12345.678})
        for (const double size : {1e-6, 3e-3, 0.71, 1.0, 17.0, 4e3, 8e7})
            for (const float pixels : {60.0f, 130.0f, 500.0f, 1900.0f}) {
                const std::vector<Tick> ticks = linearTicks(lo, lo + size, pixels, 10, sevenPerLetter);
                std::set<std::string> labels;
                for (std::size_t i = 0; i < ticks.size(); ++i) {
                    EXPECT_GE(ticks[i].value, lo - size * 1e-6);
                    EXPECT_LE(ticks[i].value, lo + size * (1 + 1e-6));
                    if (i) {
                        const double apart = (ticks[i].value - ticks[i - 1].value) / size * pixels;
                        EXPECT_GE(apart + 1e-3, (sevenPerLetter(ticks[i].label) + sevenPerLetter(ticks[i - 1].label)) / 2 + 10);
                    }
                    if (std::abs(lo) < size * 1e4) {
                        EXPECT_TRUE(labels.insert(ticks[i].label).second) << ticks[i].label << " twice";
                    }
                }
            }
}

TEST(Ticks, StayOnIntegersWhereAsked) {
    for (const Tick& t : linearTicks(-0.5, 3.5, 900, 10, sevenPerLetter, true)) EXPECT_EQ(t.value, std::round(t.value));
    EXPECT_EQ(linearTicks(-0.5, 3.5, 900, 10, sevenPerLetter, true).size(), 4u);
}

TEST(Ticks, RefuseAnEmptyAxis) {
    EXPECT_TRUE(linearTicks(1, 1, 100, 5, sevenPerLetter).empty());
    EXPECT_TRUE(linearTicks(0, std::numeric_limits<double>::infinity(), 100, 5, sevenPerLetter).empty());
    EXPECT_TRUE(linearTicks(0, 1, 0, 5, sevenPerLetter).empty());
    EXPECT_TRUE(logTicks(0, 1, 100, 5, sevenPerLetter).empty());
}

TEST(Ticks, OfALogAxisArePowersOfTenWithMinorLines) {
    const std::vector<Tick> ticks = logTicks(0.005, 20, 400, 8, sevenPerLetter);
    std::vector<double> labelled;
    int minor = 0;
    for (const Tick& t : ticks) {
        if (t.label.empty()) ++minor;
        else labelled.push_back(t.value);
    }
    ASSERT_EQ(labelled.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(labelled[i], std::pow(10.0, double(i) - 2), 1e-9);
    EXPECT_EQ(minor, 5 + 8 + 8 + 8 + 1);
    EXPECT_EQ(ticks.front().value, 0.005);
}

TEST(Ticks, ThinLongLogAxes) {
    int labelled = 0;
    for (const Tick& t : logTicks(1e-12, 1e3, 120, 8, sevenPerLetter)) labelled += !t.label.empty();
    EXPECT_LE(labelled, 3);
    EXPECT_GE(labelled, 1);
}

TEST(RoundUp, GivesTheNextRoundNumber) {
    EXPECT_DOUBLE_EQ(roundUp(1.01), 1.2);
    EXPECT_DOUBLE_EQ(roundUp(0.0851), 0.09);
    EXPECT_DOUBLE_EQ(roundUp(9.2), 10);
    EXPECT_DOUBLE_EQ(roundUp(2.5), 2.5);
    EXPECT_DOUBLE_EQ(roundUp(0), 1);
}

}  // namespace
}  // namespace bitlathe
