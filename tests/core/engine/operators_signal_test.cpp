#include "tests/core/engine/operator_call.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

namespace bitlathe {

namespace {

TEST(Fourier, AgreesWithItsDefinitionForEveryLength) {
    for (std::int64_t n = 1; n <= 40; ++n)
        for (const std::int64_t inverse : {0, 1}) {
            const Tensor x = noise({1, n, 2});
            const Tensor y = OperatorCall{"DFT", {{"inverse", inverse}}}.one({x});
            for (std::int64_t k = 0; k < n; ++k) {
                std::complex<double> sum = 0;
                for (std::int64_t i = 0; i < n; ++i) {
                    const auto at = static_cast<std::size_t>(2 * i);
                    const double angle = (inverse ? 2 : -2) * std::numbers::pi * double(k * i) / double(n);
                    sum += std::complex<double>(x.as<float>()[at], x.as<float>()[at + 1]) * std::polar(1.0, angle);
                }
                if (inverse) sum /= double(n);
                ASSERT_NEAR(y.as<float>()[static_cast<std::size_t>(2 * k)], sum.real(), 2e-6 * double(n)) << n;
                ASSERT_NEAR(y.as<float>()[static_cast<std::size_t>(2 * k + 1)], sum.imag(), 2e-6 * double(n)) << n;
            }
        }
}

TEST(Fourier, BackAndForthGivesTheSignal) {
    for (const std::int64_t n : {1000, 1024, 997}) {
        const Tensor x = noise({3, n, 1});
        const Tensor spectrum = OperatorCall{"DFT", {}, {}, 1, 2}.one({x});
        const Tensor back = OperatorCall{"DFT", {{"inverse", std::int64_t(1)}}}.one({spectrum});
        for (std::size_t i = 0; i < static_cast<std::size_t>(3 * n); ++i) ASSERT_NEAR(back.as<float>()[2 * i], x.as<float>()[i], 1e-5);
    }
}

TEST(Fourier, RefusesLengthsThatMakeNoSense) {
    const Tensor x = noise({1, 8, 1});
    EXPECT_THROW(OperatorCall{"DFT"}.one({x, Tensor::scalar<std::int64_t>(0)}), Error);
    EXPECT_THROW(OperatorCall{"DFT"}.one({x, Tensor::scalar<std::int64_t>(std::int64_t(1) << 60)}), Error);
    EXPECT_THROW(OperatorCall{"DFT"}.one({noise({1, 8, 3})}), Error);
    EXPECT_THROW(OperatorCall{"STFT"}.one({x, Tensor::scalar<std::int64_t>(0), {}, Tensor::scalar<std::int64_t>(4)}), Error);
    EXPECT_THROW(OperatorCall{"STFT"}.one({x, Tensor::scalar<std::int64_t>(2), {}, Tensor::scalar<std::int64_t>(9)}), Error);
    EXPECT_THROW(OperatorCall{"HannWindow"}.one({Tensor::scalar<std::int64_t>(-1)}), Error);
}

TEST(Losses, RefuseLabelsThatNameNoClass) {
    EXPECT_THROW(OperatorCall{"NegativeLogLikelihoodLoss"}.one({noise({2, 3}), integers({0, 3})}), Error);
    EXPECT_NO_THROW((OperatorCall{"NegativeLogLikelihoodLoss", {{"ignore_index", std::int64_t(3)}}}.one({noise({2, 3}), integers({0, 3})})));
}

TEST(Determinant, OfSingularAndPermutedMatrices) {
    EXPECT_EQ(valuesOf(OperatorCall{"Det"}.one({floats({2, 2, 2}, {1, 2, 2, 4, 0, 1, 1, 0})})), (std::vector<float>{0, -1}));
    EXPECT_EQ(valuesOf(OperatorCall{"Det"}.one({floats({0, 0}, {})})), (std::vector<float>{1}));
}

}  // namespace

}  // namespace bitlathe
