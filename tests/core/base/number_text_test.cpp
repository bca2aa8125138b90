#include "core/base/number_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace bitlathe {
namespace {

TEST(NumberText, WritesRealMinusSignsAndNoNegativeZero) {
    EXPECT_EQ(fixedText(-0.31, 3), "−0.310");
    EXPECT_EQ(fixedText(-0.0001, 2), "0.00");
    EXPECT_EQ(valueText(-0.0119), "−0.0119");
    EXPECT_EQ(valueText(0.0323, 3, true), "+0.0323");
    EXPECT_EQ(valueText(0), "0");
}

TEST(NumberText, UsesPowersOfTenOnlyWhereThePlainFormIsLong) {
    EXPECT_EQ(valueText(3.2e-7, 2), "3.2·10⁻⁷");
    EXPECT_EQ(valueText(-4e12, 1), "−4·10¹²");
    EXPECT_EQ(valueText(9.9996e-7), "1.00·10⁻⁶");
    EXPECT_EQ(valueText(123456, 3), "123456");
}

TEST(NumberText, NamesWhatIsNotFinite) {
    EXPECT_EQ(valueText(std::numeric_limits<double>::infinity()), "∞");
    EXPECT_EQ(fixedText(-std::numeric_limits<double>::infinity(), 2), "−∞");
    EXPECT_EQ(valueText(std::numeric_limits<double>::quiet_NaN()), "not a number");
    EXPECT_EQ(decibelText(std::numeric_limits<double>::infinity()), "exact");
}

TEST(NumberText, CountsBytesAndShares) {
    EXPECT_EQ(countText(11534336), "11,534,336");
    EXPECT_EQ(countText(12), "12");
    EXPECT_EQ(weightsText(1), "1 weight");
    EXPECT_EQ(bytesText(8192), "8.00 KiB");
    EXPECT_EQ(bytesText(5945425), "5.67 MiB");
    EXPECT_EQ(bytesText(1023), "1023 B");
    EXPECT_EQ(bytesText(1048570), "1.00 MiB");
    EXPECT_EQ(percentText(0.0012), "0.12 %");
    EXPECT_EQ(percentText(1e-9), "<0.001 %");
    EXPECT_EQ(decibelText(20.84), "20.8 dB");
}

}  // namespace
}  // namespace bitlathe
