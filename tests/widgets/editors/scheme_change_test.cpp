#include "widgets/editors/scheme_change.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

Scheme scheme(int bits) {
    Scheme made;
    made.weights.emplace();
    made.weights->bits = bits;
    return made;
}

TEST(SchemeChange, LeavesAloneWhatItDoesNotMention) {
    Scheme before = scheme(4);
    before.weights->granularity = PerGroup{64};
    before.weights->range = Percentile{99};
    SchemeChange change;
    change.bits = 3;
    Scheme expected = before;
    expected.weights->bits = 3;
    EXPECT_EQ(applied(before, change), expected);
}

TEST(SchemeChange, BitsTurnAFloatLayerIntoAnIntegerOne) {
    SchemeChange change;
    change.bits = 5;
    const Scheme after = applied({}, change);
    ASSERT_TRUE(after.weights);
    EXPECT_EQ(after.weights->bits, 5);
}

TEST(SchemeChange, FloatTakesTheActivationsAlong) {
    Scheme before = scheme(8);
    before.activations.emplace();
    SchemeChange change;
    change.format = NumberFormat::Float;
    EXPECT_EQ(applied(before, change), Scheme{});
}

TEST(SchemeChange, OneBitIsNeverAGridOfNothingButZero) {
    SchemeChange change;
    change.bits = 1;
    const Scheme after = applied(scheme(8), change);
    EXPECT_FALSE(after.weights->symmetric && after.weights->narrow);
}

TEST(SchemeChange, AnEmptyChangeChangesNothing) {
    EXPECT_EQ(applied(scheme(4), {}), scheme(4));
    EXPECT_EQ(applied({}, {}), Scheme{});
}

TEST(CommonScheme, KeepsWhatAllShareAndDropsWhatDiffers) {
    Scheme a = scheme(4), b = scheme(8);
    a.weights->granularity = PerGroup{32};
    b.weights->granularity = PerGroup{64};
    const CommonScheme common = commonOf({a, b});
    EXPECT_FALSE(common.bits);
    EXPECT_FALSE(common.granularity);
    EXPECT_EQ(common.granularityKind, std::size_t(2));
    EXPECT_EQ(common.format, NumberFormat::IntSymmetric);
    EXPECT_EQ(common.range, RangeRule(MinMax{}));
}

TEST(CommonScheme, AThirdOneThatAgreesWithTheFirstBringsNothingBack) {
    EXPECT_FALSE(commonOf({scheme(4), scheme(8), scheme(4)}).bits);
}

TEST(SteppedGroup, WalksThroughSizesToChannelAndTensorAndBack) {
    EXPECT_EQ(steppedGroup(PerGroup{128}, 1), Granularity(PerGroup{256}));
    EXPECT_EQ(steppedGroup(PerGroup{128}, -1), Granularity(PerGroup{64}));
    EXPECT_EQ(steppedGroup(PerGroup{100}, 1), Granularity(PerGroup{128}));
    EXPECT_EQ(steppedGroup(PerGroup{1024}, 1), Granularity(PerChannel{}));
    EXPECT_EQ(steppedGroup(PerChannel{}, 1), Granularity(PerTensor{}));
    EXPECT_EQ(steppedGroup(PerTensor{}, 1), std::nullopt);
    EXPECT_EQ(steppedGroup(PerTensor{}, -1), Granularity(PerChannel{}));
    EXPECT_EQ(steppedGroup(PerChannel{}, -1), Granularity(PerGroup{1024}));
    EXPECT_EQ(steppedGroup(PerGroup{16}, -1), std::nullopt);
}

}  // namespace
}  // namespace bitlathe
