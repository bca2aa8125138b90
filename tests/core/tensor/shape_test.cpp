#include "core/tensor/shape.h"

#include <gtest/gtest.h>

#include <limits>

namespace bitlathe {
namespace {

TEST(Shape, CountsItsElements) {
    EXPECT_EQ((Shape{2, 3, 4}).count(), 24);
    EXPECT_EQ(Shape{}.count(), 1);
    EXPECT_EQ((Shape{2, 0, 4}).count(), 0);
    EXPECT_EQ((Shape{2, 3, 4}).count(1, 3), 12);
}

TEST(Shape, RefusesCountsThatOverflow) {
    const std::int64_t big = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(checkedCount(std::vector<std::int64_t>{big, big}), std::nullopt);
    EXPECT_EQ(checkedCount(std::vector<std::int64_t>{-1}), std::nullopt);
    EXPECT_EQ(checkedCount(std::vector<std::int64_t>{big / 8, 0}), 0);
    EXPECT_EQ(checkedCount(std::vector<std::int64_t>{3, 5}), 15);
}

TEST(Shape, BroadcastsAsNumpyDoes) {
    EXPECT_EQ(broadcast({3, 1, 5}, {4, 1}), (Shape{3, 4, 5}));
    EXPECT_EQ(broadcast({}, {2}), (Shape{2}));
    EXPECT_EQ(broadcast({0}, {1}), (Shape{0}));
    EXPECT_EQ(broadcast({2}, {3}), std::nullopt);
}

TEST(Shape, ReadsWell) {
    EXPECT_EQ(toText({64, 3, 3}), "64 × 3 × 3");
    EXPECT_EQ(toText({}), "scalar");
}

}  // namespace
}  // namespace bitlathe
