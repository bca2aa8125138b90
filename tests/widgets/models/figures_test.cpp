#include "widgets/models/figures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bitlathe {
namespace {

std::string text(const QString& value) { return value.toStdString(); }

TEST(Figures, BytesHaveThreeDigitsAndABinaryUnit) {
    EXPECT_EQ(text(bytesText(0)), "0 B");
    EXPECT_EQ(text(bytesText(1023)), "1023 B");
    EXPECT_EQ(text(bytesText(1024)), "1.00 KiB");
    EXPECT_EQ(text(bytesText(1257917)), "1.20 MiB");
    EXPECT_EQ(text(bytesText(std::int64_t(668) << 20)), "668 MiB");
    EXPECT_EQ(text(bytesText((std::int64_t(1) << 20) - 1)), "1.00 MiB");
}

TEST(Figures, CountsAreExactWhileTheyAreShort) {
    EXPECT_EQ(text(countText(5632)), "5,632");
    EXPECT_EQ(text(countText(99'999)), "99,999");
    EXPECT_EQ(text(countText(11'534'336)), "11.5 M");
    EXPECT_EQ(text(countText(1'100'000'000)), "1.10 B");
}

TEST(Figures, DecibelsHaveOneDigitAndARealMinus) {
    EXPECT_EQ(text(dbText(20.84)), "20.8");
    EXPECT_EQ(text(dbText(-3.24)), "−3.2");
    EXPECT_EQ(text(dbText(std::numeric_limits<double>::infinity())), "∞");
    EXPECT_EQ(text(dbText(std::nan(""))), "–");
}

TEST(Figures, AShareThatIsThereNeverReadsAsNothing) {
    EXPECT_EQ(text(percentText(0)), "0.00 %");
    EXPECT_EQ(text(percentText(0.0012)), "0.12 %");
    EXPECT_EQ(text(percentText(1e-7)), "< 0.01 %");
    EXPECT_EQ(text(percentText(0.987)), "98.7 %");
}

TEST(Figures, NumbersKeepTheirSignificantDigits) {
    EXPECT_EQ(text(numberText(0.0049)), "0.00490");
    EXPECT_EQ(text(numberText(-0.31)), "−0.310");
    EXPECT_EQ(text(numberText(123.4)), "123");
    EXPECT_EQ(text(numberText(2e-7)), "2.00e−07");
    EXPECT_EQ(text(numberText(8, 2)), "8.0");
}

TEST(Figures, DurationsReadLikeSpeech) {
    EXPECT_EQ(text(durationText(3.21)), "3.2 s");
    EXPECT_EQ(text(durationText(72)), "1 min 12 s");
    EXPECT_EQ(text(durationText(7500)), "2 h 05 min");
    EXPECT_EQ(text(durationText(-1)), "");
}

TEST(Figures, TheBarGrowsWithTheFigureAndEnds) {
    EXPECT_EQ(sqnrQuality(-20), 0);
    EXPECT_LT(sqnrQuality(15), sqnrQuality(30));
    EXPECT_EQ(sqnrQuality(std::numeric_limits<double>::infinity()), 1);
    EXPECT_EQ(sqnrQuality(std::nan("")), 0);
}

}  // namespace
}  // namespace bitlathe
