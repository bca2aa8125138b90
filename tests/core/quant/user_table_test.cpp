#include "core/quant/user_table.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

std::string refusal(const std::string& text) {
    try {
        tableFromText(text, "mine.txt");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(UserTable, ReadsNumbersHoweverTheyAreSeparated) {
    const std::vector<float> expected = {-1, -0.25f, 0, 0.5f, 1e-3f};
    EXPECT_EQ(tableFromText("-1 -0.25\t0,0.5;1e-3", "t"), expected);
    EXPECT_EQ(tableFromText("# five levels\r\n-1\r\n-0.25 # a quarter\n\n+0\n.5\n0.001\n", "t"), expected);
}

TEST(UserTable, RefusesWithTheLine) {
    EXPECT_NE(refusal("1\n2\nthree\n").find("line 3: 'three'"), std::string::npos);
    EXPECT_NE(refusal("1 nan").find("line 1: 'nan' is no finite number"), std::string::npos);
    EXPECT_NE(refusal("1 1e99").find("'1e99'"), std::string::npos);
    EXPECT_NE(refusal("1 2x").find("'2x'"), std::string::npos);
    EXPECT_NE(refusal("").find("has 0 levels"), std::string::npos);
    std::string many;
    for (int i = 0; i < 257; ++i) many += std::to_string(i) + "\n";
    EXPECT_NE(refusal(many).find("line 257: there are more than 256"), std::string::npos);
}

TEST(UserTable, SaysWhyATableCannotBeUsed) {
    const std::vector<float> three = {-1, 0, 1}, twice = {0, 1, 1}, zeros = {0, -0.0f};
    EXPECT_EQ(tableProblem(three, 2), "");
    EXPECT_NE(tableProblem(three, 1), "");
    EXPECT_NE(tableProblem(twice, 2), "");
    EXPECT_NE(tableProblem(zeros, 2), "");
    EXPECT_EQ(bitsForTable(2), 1);
    EXPECT_EQ(bitsForTable(3), 2);
    EXPECT_EQ(bitsForTable(256), 8);
}

}  // namespace
}  // namespace bitlathe
