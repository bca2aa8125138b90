#include "app/cli/text_table.h"

#include <gtest/gtest.h>

#include <limits>

namespace bitlathe::cli {
namespace {

TEST(TextTable, AlignsByCharactersNotBytes) {
    TextTable table({{"A"}, {"B", Align::Right}});
    table.add({"×", "1"});
    table.add({"xy", "22"});
    EXPECT_EQ(table.text(), "A    B\n×    1\nxy  22\n");
}

TEST(Numbers, HaveUnitsAndRealMinusSigns) {
    EXPECT_EQ(fixedText(-1.25, 1), "−1.2");
    EXPECT_EQ(fixedText(-0.01, 1), "0.0");
    EXPECT_EQ(fixedText(std::numeric_limits<double>::infinity(), 1), "∞");
    EXPECT_EQ(countText(270896), "270.9 K");
    EXPECT_EQ(bytesText(4.5 * 1024 * 1024), "4.50 MiB");
    EXPECT_EQ(bytesText(12), "12 B");
}

}  // namespace
}  // namespace bitlathe::cli
