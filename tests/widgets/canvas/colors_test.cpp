#include "widgets/canvas/colors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bitlathe {
namespace {

double lightness(Rgba c) { return contrast(c, Rgba{0, 0, 0}); }

class Theme : public testing::TestWithParam<bool> {
protected:
    const Colors& c = GetParam() ? darkColors() : lightColors();
};

TEST_P(Theme, EveryWordAndMeaningIsReadableOnEverySurface) {
    constexpr double readable = 4.5;  // WCAG 2.1, AA
    for (const Rgba& surface : {c.window, c.panel, c.plot, c.field, c.tooltip})
        for (const Rgba& ink : {c.text, c.dimmed, c.real, c.quantized, c.error, c.refusal, c.warning, c.good})
            EXPECT_GE(contrast(ink, surface), readable)
                << "ink " << int(ink.r) << ' ' << int(ink.g) << ' ' << int(ink.b) << " on " << int(surface.r) << ' '
                << int(surface.g) << ' ' << int(surface.b);
    EXPECT_GE(contrast(c.text, c.selection), readable);
    EXPECT_GE(contrast(c.onAccent, c.accent), readable);
}

TEST_P(Theme, NoTwoMeaningsShareAColor) {
    const Rgba all[] = {c.real, c.quantized, c.error, c.refusal, c.warning, c.good};
    for (const Rgba& a : all)
        for (const Rgba& b : all)
            if (&a != &b) {
                EXPECT_GT(std::abs(a.r - b.r) + std::abs(a.g - b.g) + std::abs(a.b - b.b), 60);
            }
}

INSTANTIATE_TEST_SUITE_P(DarkAndLight, Theme, testing::Bool());

TEST(Contrast, IsTwentyOneBetweenBlackAndWhite) {
    EXPECT_NEAR(contrast({0, 0, 0}, {255, 255, 255}), 21.0, 1e-9);
    EXPECT_NEAR(contrast({80, 90, 100}, {80, 90, 100}), 1.0, 1e-9);
}

TEST(Ramps, MagnitudeOnlyGetsLighter) {
    for (const Ramp ramp : {Ramp::Inferno, Ramp::Viridis})
        for (int i = 1; i <= 200; ++i)
            EXPECT_GE(lightness(magnitude(float(i) / 200, ramp)) + 1e-3, lightness(magnitude(float(i - 1) / 200, ramp))) << i;
}

TEST(Ramps, DivergingIsWhiteAtZeroAndDarkensBothWays) {
    EXPECT_GT(contrast(diverging(0), {0, 0, 0}), 18.0);
    EXPECT_GT(diverging(-1).b, diverging(-1).r);
    EXPECT_GT(diverging(1).r, diverging(1).b);
    for (int i = 1; i <= 100; ++i) {
        EXPECT_LE(lightness(diverging(float(i) / 100)), lightness(diverging(float(i - 1) / 100)) + 1e-3);
        EXPECT_LE(lightness(diverging(-float(i) / 100)), lightness(diverging(-float(i - 1) / 100)) + 1e-3);
    }
}

TEST(Ramps, SaturateOutsideAndTakeNanAsLow) {
    EXPECT_EQ(magnitude(7), magnitude(1));
    EXPECT_EQ(magnitude(-7), magnitude(0));
    EXPECT_EQ(magnitude(std::numeric_limits<float>::quiet_NaN()), magnitude(0));
    EXPECT_EQ(diverging(9), diverging(1));
}

}  // namespace
}  // namespace bitlathe
