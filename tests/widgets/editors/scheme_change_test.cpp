#include "widgets/editors/scheme_change.h"

#include "core/quant/codec.h"

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
    change.format = NumberFormat::real();
    EXPECT_EQ(applied(before, change), Scheme{});
}

TEST(SchemeChange, OneBitAndBackLeavesTheFormatAsItWas) {
    SchemeChange one, eight;
    one.bits = 1;
    eight.bits = 8;
    EXPECT_EQ(applied(applied(scheme(8), one), eight), scheme(8));
}

TEST(SchemeChange, AnEmptyChangeChangesNothing) {
    EXPECT_EQ(applied(scheme(4), {}), scheme(4));
    EXPECT_EQ(applied({}, {}), Scheme{});
}

TEST(SchemeChange, EveryFormatOfTheListCanBeChosenAndLeftAgain) {
    for (const Codec& codec : codecs()) {
        SchemeChange change;
        change.format = NumberFormat{std::string(codec.name), true, true};
        const Scheme there = applied(scheme(4), change);
        EXPECT_EQ(there.weights->codec, codec.name);
        EXPECT_GE(there.weights->bits, codec.minBits) << codec.name;
        EXPECT_LE(there.weights->bits, codec.maxBits) << codec.name;
        if (codec.blockSize > 0) EXPECT_EQ(there.weights->granularity, Granularity(PerGroup{codec.blockSize})) << codec.name;
        EXPECT_EQ(numberFormatOf(there), *change.format) << codec.name;
        change.format = NumberFormat::integers();
        EXPECT_EQ(applied(there, change).weights->codec, "int");
        // A block's size is the format's, not a choice that stays behind.
        if (codec.blockSize > 0) EXPECT_EQ(applied(there, change).weights->granularity, QuantSpec{}.granularity) << codec.name;
    }
}

TEST(SchemeChange, LevelsOfOnesOwnBringTheirFormatAndTheirWidth) {
    SchemeChange change;
    change.table = std::vector<float>{-1, -0.25f, 0, 0.25f, 1};
    const Scheme own = applied(scheme(8), change);
    EXPECT_EQ(own.weights->codec, "table");
    EXPECT_EQ(own.weights->bits, 3);
    EXPECT_EQ(own.weights->table, *change.table);
    EXPECT_EQ(applied(Scheme{}, change).weights->table, *change.table);
    SchemeChange fewer;
    fewer.bits = 2;  // five levels do not fit: it starts again with even ones
    EXPECT_EQ(applied(own, fewer).weights->table, (std::vector<float>{-1, 0, 1}));
    SchemeChange integers;
    integers.format = NumberFormat::integers();
    EXPECT_TRUE(applied(own, integers).weights->table.empty());
}

TEST(SchemeChange, AKneeStaysWhereThereIsARange) {
    SchemeChange change;
    change.knee = 0.2;
    const Scheme soft = applied(scheme(8), change);
    EXPECT_EQ(soft.weights->knee, 0.2);
    SchemeChange blocks;
    blocks.format = NumberFormat{"q4_0", true, true};
    EXPECT_EQ(applied(soft, blocks).weights->knee, 0);
    EXPECT_EQ(applied(applied(soft, blocks), change).weights->knee, 0);
}

TEST(SchemeChange, AWidthThatTheFormatLacksMakesIntegers) {
    Scheme nf4 = scheme(4);
    nf4.weights->codec = "nf4";
    SchemeChange change;
    change.bits = 3;
    const Scheme after = applied(nf4, change);
    EXPECT_EQ(after.weights->codec, "int");
    EXPECT_EQ(after.weights->bits, 3);
}

TEST(SchemeChange, BlocksKeepTheirSizeWhateverGranularityIsAsked) {
    SchemeChange format, group;
    format.format = NumberFormat{"mxfp4", true, true};
    group.granularity = PerTensor{};
    const Scheme mx = applied(scheme(4), format);
    EXPECT_EQ(applied(mx, group), mx);
}

TEST(CommonScheme, KeepsWhatAllShareAndDropsWhatDiffers) {
    Scheme a = scheme(4), b = scheme(8);
    a.weights->granularity = PerGroup{32};
    b.weights->granularity = PerGroup{64};
    const CommonScheme common = commonOf({a, b});
    EXPECT_FALSE(common.bits);
    EXPECT_FALSE(common.granularity);
    EXPECT_EQ(common.granularityKind, std::size_t(2));
    EXPECT_EQ(common.format, NumberFormat::integers());
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
    EXPECT_EQ(steppedGroup(PerChannel{}, -1), Granularity(PerGroup{256}));
    EXPECT_EQ(steppedGroup(PerGroup{1024}, -1), Granularity(PerGroup{256}));
    EXPECT_EQ(steppedGroup(PerGroup{16}, -1), std::nullopt);
}

}  // namespace
}  // namespace bitlathe
