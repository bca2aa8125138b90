#include "core/base/split_mix.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

// The numbers of the authors' own program (prng.di.unimi.it/splitmix64.c) for the seed 1234567.
TEST(SplitMix, GivesTheNumbersOfTheReference) {
    SplitMix64 stream{1234567};
    for (const std::uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u, 16408922859458223821u}) EXPECT_EQ(stream.next(), expected);
}

TEST(SplitMix, StaysBelowItsBounds) {
    SplitMix64 stream{7};
    bool seen[5] = {};
    for (int i = 0; i < 200; ++i) {
        const std::uint64_t drawn = stream.below(5);
        ASSERT_LT(drawn, 5u);
        seen[drawn] = true;
        const double unit = stream.unit();
        ASSERT_TRUE(unit >= 0 && unit < 1);
    }
    for (const bool one : seen) EXPECT_TRUE(one);
}

}  // namespace
}  // namespace bitlathe
