#include "core/metrics/importance_figures.h"

#include <gtest/gtest.h>

#include <vector>

namespace bitlathe {
namespace {

TEST(ImportanceFigures, EvenColumnsAreEven) {
    const std::vector<float> even(64, 0.5f);
    const ImportanceFigures figures = importanceFigures(even);
    EXPECT_DOUBLE_EQ(figures.sum, 32);
    EXPECT_NEAR(figures.evenness, 1, 1e-12);
    EXPECT_NEAR(figures.entropyBits, 6, 1e-12);
    EXPECT_NEAR(figures.topShare, 7.0 / 64, 1e-12) << "a tenth, rounded up";
    EXPECT_DOUBLE_EQ(figures.active, 1);
}

TEST(ImportanceFigures, OneColumnThatMattersAlone) {
    std::vector<float> one(100, 0.0f);
    one[37] = 3;
    const ImportanceFigures figures = importanceFigures(one);
    EXPECT_DOUBLE_EQ(figures.topShare, 1);
    EXPECT_DOUBLE_EQ(figures.entropyBits, 0);
    EXPECT_DOUBLE_EQ(figures.evenness, 0);
    EXPECT_DOUBLE_EQ(figures.active, 0.01);
    EXPECT_DOUBLE_EQ(figures.largest, 3);
    EXPECT_EQ(importanceCurve(one, 4), (std::vector<double>{1, 1, 1, 1}));
}

TEST(ImportanceFigures, TheCurveRisesToOneAndIsConcave) {
    std::vector<float> columns;
    for (int i = 0; i < 500; ++i) columns.push_back(float((i * 7919) % 101));
    const auto curve = importanceCurve(columns, 20);
    ASSERT_EQ(curve.size(), 20u);
    EXPECT_DOUBLE_EQ(curve.back(), 1);
    for (std::size_t i = 1; i < curve.size(); ++i) EXPECT_GE(curve[i], curve[i - 1]);
    for (std::size_t i = 2; i < curve.size(); ++i) EXPECT_LE(curve[i] - curve[i - 1], curve[i - 1] - curve[i - 2] + 1e-12);
}

TEST(ImportanceFigures, NothingIsZeros) {
    EXPECT_EQ(importanceFigures({}), ImportanceFigures());
    EXPECT_EQ(importanceFigures(std::vector<float>(5)), ImportanceFigures());
    EXPECT_TRUE(importanceCurve(std::vector<float>(5), 8).empty());
}

}  // namespace
}  // namespace bitlathe
