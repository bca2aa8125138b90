#include "core/kernels/value_pass.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> valuesOf(std::int64_t count, Bytes& random, bool wild) {
    std::vector<float> x;
    for (std::int64_t i = 0; i < count; ++i) {
        const int kind = random.between(0, wild ? 12 : 9);
        x.push_back(kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind == 10 ? std::nanf("") : kind == 11 ? infinity : kind == 12 ? -infinity : random.real(-3, 2));
    }
    return x;
}

}  // namespace

TEST(ValuePass, IsTheSameBitsOnEveryIsaForEveryLength) {
    Bytes random(1);
    for (std::int64_t count = 0; count <= 200; ++count)
        for (const bool wild : {false, true}) {
            const auto x = valuesOf(count, random, wild);
            const ValueSums want = valuePass(Isa::Reference, x.data(), count);
            for (const Isa isa : testIsas()) ASSERT_EQ(valuePass(isa, x.data(), count), want) << isaName(isa) << " count " << count;
        }
    const auto x = valuesOf(100001, random, false);
    const ValueSums want = valuePass(Isa::Reference, x.data(), 100001);
    for (const Isa isa : testIsas()) ASSERT_EQ(valuePass(isa, x.data(), 100001), want) << isaName(isa);
}

TEST(ValuePass, FollowsTheDefinitions) {
    Bytes random(2);
    auto x = valuesOf(30000, random, false);
    x[77] = std::nanf("");
    x[20000] = infinity;
    double sum = 0, magnitudes = 0, squares = 0;
    float min = infinity, max = -infinity;
    std::int64_t zeros = 0;
    for (const float v : x) {
        if (!std::isfinite(v)) continue;
        sum += v;
        magnitudes += std::fabs(v);
        squares += double(v) * v;
        min = std::min(min, v);
        max = std::max(max, v);
        zeros += v == 0;
    }
    const ValueSums s = valuePass(detectIsa(), x.data(), 30000);
    EXPECT_EQ(s.min, min);
    EXPECT_EQ(s.max, max);
    EXPECT_EQ(s.leastMagnitude, 0);
    EXPECT_EQ(s.zeros, zeros);
    EXPECT_EQ(s.notFinite, 2);
    EXPECT_NEAR(s.sum, sum, 1e-6 * magnitudes);
    EXPECT_NEAR(s.magnitudes / magnitudes, 1, 1e-6);
    EXPECT_NEAR(s.squares / squares, 1, 1e-6);
}

TEST(ValuePass, NothingFiniteGivesZeros) {
    const std::vector<float> x(50, std::nanf(""));
    for (const Isa isa : testIsas()) {
        const ValueSums s = valuePass(isa, x.data(), 50);
        EXPECT_EQ(s.min, 0);
        EXPECT_EQ(s.max, 0);
        EXPECT_EQ(s.sum, 0);
        EXPECT_EQ(s.finite(), 0);
        float min = 1, max = 1;
        groupExtremes(isa, x.data(), 50, 64, &min, &max);
        EXPECT_EQ(min, 0);
        EXPECT_EQ(max, 0);
    }
}

TEST(ValuePass, PartsAddUpToTheWhole) {
    Bytes random(3);
    const auto x = valuesOf(9000, random, true);
    ValueSums parts = valuePass(detectIsa(), x.data(), 4096);
    addSums(parts, valuePass(detectIsa(), x.data() + 4096, 9000 - 4096));
    const ValueSums whole = valuePass(detectIsa(), x.data(), 9000);
    EXPECT_EQ(parts.min, whole.min);
    EXPECT_EQ(parts.max, whole.max);
    EXPECT_EQ(parts.leastMagnitude, whole.leastMagnitude);
    EXPECT_EQ(parts.zeros, whole.zeros);
    EXPECT_EQ(parts.notFinite, whole.notFinite);
    EXPECT_EQ(parts.count, whole.count);
    EXPECT_NEAR(parts.sum, whole.sum, 1e-6);
}

TEST(ValuePass, GroupExtremesSeeEachGroupAlone) {
    Bytes random(4);
    for (const std::int64_t group : {1, 5, 16, 32, 33, 128})
        for (const std::int64_t count : {1, 31, 128, 1000}) {
            const auto x = valuesOf(count, random, true);
            for (const Isa isa : testIsas()) {
                std::vector<float> min(static_cast<std::size_t>((count + group - 1) / group)), max(min);
                groupExtremes(isa, x.data(), count, group, min.data(), max.data());
                for (std::size_t g = 0; g < min.size(); ++g) {
                    float low = infinity, high = -infinity;
                    for (std::int64_t i = static_cast<std::int64_t>(g) * group; i < std::min<std::int64_t>(count, static_cast<std::int64_t>(g + 1) * group); ++i) {
                        const float v = x[static_cast<std::size_t>(i)];
                        if (!std::isfinite(v)) continue;
                        low = std::min(low, v);
                        high = std::max(high, v);
                    }
                    ASSERT_EQ(min[g], low == infinity ? 0 : low) << isaName(isa);
                    ASSERT_EQ(max[g], low == infinity ? 0 : high) << isaName(isa);
                    ASSERT_FALSE(std::signbit(min[g]) && min[g] == 0);
                }
            }
        }
}

TEST(ValuePass, HistogramsCountEveryFiniteElementOnce) {
    Bytes random(5);
    for (const int bins : {1, 7, 256, 1000, 2048, 4096})
        for (const bool magnitudes : {false, true})
            for (const std::int64_t count : {0, 1, 100, 20000}) {
                const auto x = valuesOf(count, random, true);
                const float low = magnitudes ? 0.0f : -2.5f, high = 1.75f;
                std::vector<std::int64_t> want(static_cast<std::size_t>(bins + 2));
                for (const float v : x) {
                    if (!std::isfinite(v)) continue;
                    const float m = magnitudes ? std::fabs(v) : v;
                    const float t = std::floor((m - low) * (static_cast<float>(bins) / (high - low)));
                    ++want[static_cast<std::size_t>(std::clamp(t, -1.0f, float(bins)) + 1)];
                }
                for (const Isa isa : testIsas()) {
                    std::vector<std::int64_t> got(want.size());
                    histogramPass(isa, x.data(), count, magnitudes, {low, high, bins, got.data()});
                    ASSERT_EQ(got, want) << isaName(isa) << " bins " << bins;
                }
            }
}

}  // namespace bitlathe
