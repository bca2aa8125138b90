#include "core/kernels/weight_pass.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "tests/core/kernels/bytes.h"

namespace bitlathe {
namespace {

struct Case {
    std::int64_t count = 0, groupSize = 1;
    std::int32_t low = -127, high = 127;
    bool zeroPoints = false, signs = false, maps = false;
    int bins = 64;
};

struct Input {
    std::vector<float> x, scales;
    std::vector<std::int32_t> zeros;
};

Input inputOf(const Case& c, Bytes& random, float clip = 1) {
    Input in;
    for (std::int64_t i = 0; i < c.count; ++i) in.x.push_back(random.real(-1, 1) * random.real(0, 1));
    for (std::int64_t g = 0; g < (c.count + c.groupSize - 1) / c.groupSize; ++g) {
        in.scales.push_back(random.real(0.5f, 1) * clip * 2 / static_cast<float>(c.high - c.low));
        in.zeros.push_back(c.zeroPoints ? random.between(c.low, c.high) : 0);
    }
    return in;
}

struct Output {
    WeightSums sums;
    std::vector<std::uint8_t> codes;
    std::vector<std::int64_t> codeCounts, values, decoded, errors;
    std::vector<float> error2, value2;
    bool operator==(const Output&) const = default;
};

Output run(Isa isa, const Case& c, const Input& in, bool all = true) {
    Output out;
    WeightPass pass;
    pass.x = in.x.data();
    pass.count = c.count;
    pass.groupSize = c.groupSize;
    pass.scales = in.scales.data();
    pass.zeroPoints = c.zeroPoints ? in.zeros.data() : nullptr;
    pass.low = c.low;
    pass.high = c.high;
    pass.signs = c.signs;
    if (all) {
        out.codes.assign(in.x.size() + 1, 0xaa);
        out.codeCounts.assign(static_cast<std::size_t>(c.high - c.low + 1), 0);
        out.values.assign(static_cast<std::size_t>(c.bins + 2), 0);
        out.decoded = out.errors = out.values;
        pass.codes = out.codes.data();
        pass.codeCounts = out.codeCounts.data();
        pass.values = {-0.9f, 0.95f, c.bins, out.values.data()};
        pass.decoded = {-0.9f, 0.95f, c.bins, out.decoded.data()};
        pass.errors = {-0.01f, 0.01f, c.bins, out.errors.data()};
    }
    if (c.maps) {
        out.error2.assign(in.scales.size(), -1);
        out.value2 = out.error2;
        pass.groupError2 = out.error2.data();
        pass.groupValue2 = out.value2.data();
    }
    out.sums = weightPass(isa, pass);
    if (all) {
        EXPECT_EQ(out.codes.back(), 0xaa) << "wrote behind the end";
        out.codes.pop_back();
    }
    return out;
}

std::int32_t lawfulCode(const Case& c, const Input& in, std::size_t i) {
    const std::size_t g = i / static_cast<std::size_t>(c.groupSize);
    if (c.signs) return in.x[i] < 0 ? -1 : 1;
    const float q = in.x[i] / in.scales[g];
    if (std::isnan(q)) return std::clamp(in.zeros[g], c.low, c.high);
    const double code = std::nearbyint(static_cast<double>(q)) + in.zeros[g];
    return static_cast<std::int32_t>(std::clamp(code, double(c.low), double(c.high)));
}

void check(const Case& c, const Input& in) {
    const Output want = run(Isa::Reference, c, in);
    for (std::size_t i = 0; i < in.x.size(); ++i)
        ASSERT_EQ(want.codes[i], static_cast<std::uint8_t>(lawfulCode(c, in, i))) << "x " << in.x[i];
    for (const Isa isa : testIsas()) {
        const Output got = run(isa, c, in);
        ASSERT_EQ(got.codes, want.codes) << isaName(isa);
        ASSERT_EQ(got.sums, want.sums) << isaName(isa) << " count " << c.count << " group " << c.groupSize;
        ASSERT_TRUE(got == want) << isaName(isa);
        ASSERT_EQ(run(isa, c, in, false).sums, want.sums) << isaName(isa) << ": sums alone differ";
    }
}

}  // namespace

TEST(WeightPass, IsTheSameBitsOnEveryIsaForSmallSizes) {
    Bytes random(1);
    for (std::int64_t count = 1; count <= 100; ++count)
        for (const std::int64_t group : {1, 7, 16, 17, 32, 64, 100})
            for (const bool zeros : {false, true}) {
                Case c{count, group, zeros ? 0 : -7, zeros ? 15 : 7, zeros};
                c.maps = true;
                check(c, inputOf(c, random));
            }
}

TEST(WeightPass, IsTheSameBitsForEveryWidthAndLongGroups) {
    Bytes random(2);
    for (int bits = 1; bits <= 8; ++bits)
        for (const std::int64_t group : {9, 128, 4096, 4097, 5000, 100000})
            for (const bool zeros : {false, true}) {
                const std::int32_t top = (1 << bits) - 1;
                Case c{20011, group, zeros ? 0 : -(top / 2), zeros ? top : top - top / 2, zeros};
                c.bins = bits % 2 ? 256 : 2000;
                c.maps = group <= 4096;
                check(c, inputOf(c, random, bits == 3 ? 0.6f : 1.0f));
            }
}

TEST(WeightPass, SumsAreThoseOfDoubleArithmetic) {
    Bytes random(3);
    Case c{50000, 1000};
    const Input in = inputOf(c, random, 0.5f);
    const Output out = run(detectIsa(), c, in);
    double error2 = 0, value2 = 0, dot = 0, decoded2 = 0, largest = 0;
    std::int64_t clipped = 0;
    std::vector<std::int64_t> counts(out.codeCounts.size());
    for (std::size_t i = 0; i < in.x.size(); ++i) {
        const std::int32_t code = lawfulCode(c, in, i);
        const float s = in.scales[i / 1000];
        const double decoded = static_cast<double>(static_cast<float>(code) * s), e = in.x[i] - decoded;
        error2 += e * e;
        value2 += double(in.x[i]) * in.x[i];
        dot += in.x[i] * decoded;
        decoded2 += decoded * decoded;
        largest = std::max(largest, std::fabs(e));
        clipped += std::nearbyint(in.x[i] / s) != code;
        ++counts[static_cast<std::size_t>(code - c.low)];
    }
    EXPECT_NEAR(out.sums.error2 / error2, 1, 1e-6);
    EXPECT_NEAR(out.sums.value2 / value2, 1, 1e-6);
    EXPECT_NEAR(out.sums.valueDecoded() / dot, 1, 1e-6);
    EXPECT_NEAR(out.sums.decoded2() / decoded2, 1, 1e-6);
    EXPECT_NEAR(out.sums.maxError / largest, 1, 1e-6);
    EXPECT_GT(clipped, 0);
    EXPECT_EQ(out.sums.clipped, clipped);
    EXPECT_EQ(out.sums.count, c.count);
    EXPECT_EQ(out.codeCounts, counts);
    for (const auto* bins : {&out.values, &out.decoded, &out.errors})
        EXPECT_EQ(std::accumulate(bins->begin(), bins->end(), std::int64_t{0}), c.count);
}

TEST(WeightPass, TiesGoToEvenEvenWhereTheReciprocalIsUnsure) {
    // Halves of a scale whose reciprocal is not exact, and their neighbours.
    Case c{0, 1 << 20, -127, 127};
    Input in;
    const float s = 0.0123f;
    for (int k = -260; k <= 260; ++k) {
        const float tie = s * (static_cast<float>(k) * 0.5f);
        for (const float x : {std::nextafter(tie, -9.0f), tie, std::nextafter(tie, 9.0f)}) in.x.push_back(x);
    }
    c.count = static_cast<std::int64_t>(in.x.size());
    in.scales = {s};
    in.zeros = {0};
    check(c, in);
}

TEST(WeightPass, DataAlreadyOnTheGridHasNoError) {
    Case c{4096, 64, -8, 7};
    Bytes random(4);
    Input in = inputOf(c, random);
    for (std::size_t i = 0; i < in.x.size(); ++i) in.x[i] = in.scales[i / 64] * static_cast<float>(random.between(-8, 7));
    check(c, in);
    EXPECT_EQ(run(detectIsa(), c, in).sums.error2, 0);
}

TEST(WeightPass, NanAndInfinityAreCountedCodedAndInNoSum) {
    Case c{3000, 128};
    Bytes random(5);
    Input in = inputOf(c, random);
    in.x[5] = std::nanf("");
    in.x[2999] = std::numeric_limits<float>::infinity();
    in.x[1000] = -std::numeric_limits<float>::infinity();
    check(c, in);
    const Output out = run(detectIsa(), c, in);
    EXPECT_EQ(out.sums.notFinite, 3);
    EXPECT_TRUE(std::isfinite(out.sums.error2) && std::isfinite(out.sums.value2));
    EXPECT_EQ(static_cast<std::int8_t>(out.codes[5]), 0);
    EXPECT_EQ(static_cast<std::int8_t>(out.codes[2999]), 127);
    EXPECT_EQ(static_cast<std::int8_t>(out.codes[1000]), -127);
}

TEST(WeightPass, TakesHugeTinyAndZeroScales) {
    for (const float s : {1e-40f, 1e-38f, 1e-20f, 1e15f, 0.0f}) {
        Case c{600, 600};
        Bytes random(6);
        Input in = inputOf(c, random);
        for (auto& x : in.x) x = x * s * 100;
        in.x[7] = 1e18f;
        in.scales = {s};
        check(c, in);
    }
}

TEST(WeightPass, OneBitKeepsTheSign) {
    Case c{1000, 250, -1, 1};
    c.signs = true;
    Bytes random(7);
    Input in = inputOf(c, random);
    in.x[0] = 0;
    in.x[1] = -0.0f;
    in.x[2] = std::nanf("");
    check(c, in);
}

}  // namespace bitlathe
