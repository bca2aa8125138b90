#include "core/kernels/float_rows.h"

#include "core/kernels/float_math.h"
#include "tests/core/kernels/bytes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace bitlathe {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Distance in units of the last place of the true value; 0 for NaN where NaN is right.
double ulps(float got, double want) {
    if (std::isnan(want)) return std::isnan(got) ? 0 : 1e9;
    const auto nearest = static_cast<float>(want);
    if (std::isinf(nearest)) return got == nearest || std::abs(got) >= 3.4028e38f ? 0 : 1e9;
    return std::abs(double(got) - want) / (double(std::nextafter(std::abs(nearest), kInfinity)) - std::abs(double(nearest)));
}

// The worst error over every 4999th float that `counts` admits.
double worst(const std::function<float(float)>& function, const std::function<double(double)>& truth, const std::function<bool(float)>& counts) {
    double most = 0;
    for (std::uint64_t bits = 0; bits < std::uint64_t(1) << 32; bits += 4999) {
        const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        if (counts(x)) most = std::max(most, ulps(function(x), truth(double(x))));
    }
    return most;
}

bool everywhere(float) { return true; }

TEST(FloatMath, IsAsAccurateAsItSays) {
    EXPECT_LT(worst([](float x) { return exp32(x); }, [](double x) { return std::exp(x); }, everywhere), 2);
    EXPECT_LT(worst([](float x) { return expm1_32(x); }, [](double x) { return std::expm1(x); }, everywhere), 4);
    EXPECT_LT(worst([](float x) { return tanh32(x); }, [](double x) { return std::tanh(x); }, everywhere), 3);
    EXPECT_LT(worst([](float x) { return erf32(x); }, [](double x) { return std::erf(x); }, everywhere), 3);
    EXPECT_LT(worst([](float x) { return sigmoid32(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, [](float x) { return !(x < -80); }), 3);
    EXPECT_LT(worst([](float x) { return gelu32(x); }, [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); },
                    [](float x) { return !(x < -4) && !std::isnan(x); }), 20);
}

TEST(FloatMath, ActivationsEndWhereTheirLimitsLie) {
    EXPECT_EQ(sigmoid32(-kInfinity), 0.0f);
    EXPECT_EQ(sigmoid32(kInfinity), 1.0f);
    EXPECT_EQ(tanh32(-kInfinity), -1.0f);
    EXPECT_EQ(gelu32(-kInfinity), 0.0f);
    EXPECT_EQ(gelu32(kInfinity), kInfinity);
    EXPECT_EQ(mish32(kInfinity), kInfinity);
    EXPECT_TRUE(std::isnan(gelu32(kNan)));
    EXPECT_TRUE(std::isnan(mish32(kNan)));
}

std::vector<float> noise(std::int64_t count, unsigned seed) {
    Bytes bytes(seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = bytes.real(-6, 6);
    return values;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

class FloatRowsAt : public testing::TestWithParam<Isa> {
protected:
    const FloatRows& rows = floatRows(GetParam());
    const FloatRows& reference = floatRows(Isa::Reference);
};

TEST_P(FloatRowsAt, MapsToTheBitsOfTheReferenceForEveryLength) {
    for (int function = 0; function <= static_cast<int>(RowFunction::HardSwish); ++function)
        for (std::int64_t n : {0, 1, 7, 15, 16, 17, 33, 100, 1000}) {
            const auto x = noise(n, 1);
            std::vector<float> expected(x.size()), got = x;
            const RowConstants constants{0.3f, 0.7f, 1.5f};
            reference.map(static_cast<RowFunction>(function), constants, x.data(), expected.data(), n);
            rows.map(static_cast<RowFunction>(function), constants, got.data(), got.data(), n);  // in place
            EXPECT_TRUE(sameBits(got, expected)) << function << ", " << n;
        }
}

TEST_P(FloatRowsAt, SumsToTheBitsOfTheReference) {
    for (std::int64_t n : {0, 1, 5, 8, 9, 15, 16, 31, 49, 768, 4097}) {
        const auto x = noise(n, 2);
        EXPECT_EQ(rows.sum(x.data(), n), reference.sum(x.data(), n)) << n;
        EXPECT_EQ(rows.sumOfSquares(x.data(), n), reference.sumOfSquares(x.data(), n)) << n;
        EXPECT_EQ(rows.moments(x.data(), n).mean, reference.moments(x.data(), n).mean) << n;
        EXPECT_EQ(rows.moments(x.data(), n).variance, reference.moments(x.data(), n).variance) << n;
        std::vector<float> a(x.size()), b(x.size());
        rows.softmax(x.data(), a.data(), n);
        reference.softmax(x.data(), b.data(), n);
        EXPECT_TRUE(sameBits(a, b)) << n;
        rows.normalize(x.data(), a.data(), n, 0.1f, 0.9f, x.data(), b.data());
        std::vector<float> c(x.size());
        reference.normalize(x.data(), c.data(), n, 0.1f, 0.9f, x.data(), b.data());
        EXPECT_TRUE(sameBits(a, c)) << n;
    }
}

TEST_P(FloatRowsAt, MomentsAreThoseOfTheDefinition) {
    const std::vector<float> x = noise(1003, 3);
    double mean = 0, variance = 0;
    for (const float value : x) mean += double(value) / double(x.size());
    for (const float value : x) variance += (double(value) - mean) * (double(value) - mean) / double(x.size());
    const RowMoments moments = rows.moments(x.data(), 1003);
    EXPECT_NEAR(moments.mean, mean, 1e-12);
    EXPECT_NEAR(moments.variance, variance, 1e-12);
}

TEST_P(FloatRowsAt, SoftmaxColumnsAreRowsOfTheTransposedMatrix) {
    for (std::int64_t n : {1, 5, 16, 64}) {
        constexpr std::int64_t kExtent = 21, kStride = 70;
        const auto x = noise(kExtent * kStride, 4);
        std::vector<float> y(x.size());
        rows.softmaxColumns(x.data(), y.data(), kExtent, kStride, n);
        for (std::int64_t c = 0; c < n; ++c) {
            std::vector<float> column, expected(kExtent);
            for (std::int64_t k = 0; k < kExtent; ++k) column.push_back(x[static_cast<std::size_t>(k * kStride + c)]);
            reference.softmax(column.data(), expected.data(), kExtent);
            for (std::int64_t k = 0; k < kExtent; ++k)
                EXPECT_NEAR(y[static_cast<std::size_t>(k * kStride + c)], expected[static_cast<std::size_t>(k)], 1e-7f);
        }
    }
}

TEST_P(FloatRowsAt, PoolsEveryStrideAndTap) {
    for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t taps = 1; taps <= 5; ++taps)
            for (std::int64_t dilation = 1; dilation <= 2; ++dilation)
                for (std::int64_t count : {1, 3, 16, 28, 40}) {
                    const auto row = noise((count + 16) * stride + taps * dilation, 5);
                    std::vector<float> largest(static_cast<std::size_t>(count)), sum(largest.size());
                    rows.poolLargest({row.data(), largest.data(), count, stride, dilation, taps});
                    rows.poolSum({row.data(), sum.data(), count, stride, dilation, taps});
                    for (std::int64_t i = 0; i < count; ++i) {
                        float most = -kInfinity, total = 0;
                        for (std::int64_t k = 0; k < taps; ++k) {
                            const float value = row[static_cast<std::size_t>(i * stride + k * dilation)];
                            most = std::max(most, value);
                            total = k == 0 ? value : total + value;
                        }
                        EXPECT_EQ(largest[static_cast<std::size_t>(i)], most);
                        EXPECT_EQ(sum[static_cast<std::size_t>(i)], total);
                    }
                }
}

TEST_P(FloatRowsAt, NanWinsEveryMaximum) {
    for (const std::size_t place : {0u, 3u, 17u, 20u}) {
        std::vector<float> x(21, 1.0f), y(21, 2.0f);
        x[place] = kNan;
        rows.raise(x.data(), y.data(), 21);
        for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i == place);
        std::vector<float> again(21, 3.0f);
        rows.raise(again.data(), y.data(), 21);
        EXPECT_TRUE(std::isnan(y[place]));
        rows.softmax(x.data(), y.data(), 21);
        EXPECT_TRUE(std::isnan(y[1]));
    }
}

std::vector<Isa> isas() {
    const auto all = isasUpTo(detectIsa());
    return {all.begin(), all.end()};
}

INSTANTIATE_TEST_SUITE_P(Isas, FloatRowsAt, testing::ValuesIn(isas()), [](const auto& info) { return std::string(isaName(info.param)); });

}  // namespace

}  // namespace bitlathe
