#include "core/quant/affine.h"
#include "core/tensor/convert.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bitlathe {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Affine, CodeRangesAreThoseOfTheTextbook) {
    EXPECT_EQ(codeRange(8, true, true), (CodeRange{-127, 127}));
    EXPECT_EQ(codeRange(8, true, false), (CodeRange{-128, 127}));
    EXPECT_EQ(codeRange(8, false, true), (CodeRange{0, 255}));
    EXPECT_EQ(codeRange(4, true, false), (CodeRange{-8, 7}));
    EXPECT_EQ(codeRange(2, true, true), (CodeRange{-1, 1}));
    EXPECT_EQ(codeRange(1, false, true), (CodeRange{0, 1}));
    EXPECT_EQ(codeRange(16, true, false), (CodeRange{-32768, 32767}));
}

TEST(Affine, ScalesFollowOnnxRuntime) {
    EXPECT_EQ(affineFromRange({-1, 2}, codeRange(8, true, true), true).scale, float(2.0 / 127));
    EXPECT_EQ(affineFromRange({-1, 2}, codeRange(8, true, false), true).scale, float(4.0 / 255));
    const auto asymmetric = affineFromRange({-1, 2}, codeRange(8, false, true), false);
    EXPECT_EQ(asymmetric.scale, float(3.0 / 255));
    EXPECT_EQ(asymmetric.zeroPoint, 85);
}

TEST(Affine, TheZeroPointIsComputedInDoubleSoThatTiesGoToEven) {
    EXPECT_EQ(affineFromRange({-1, 1}, codeRange(8, false, true), false).zeroPoint, 128);  // 127.5 in float64
}

TEST(Affine, RangesAreWidenedToHoldZero) {
    EXPECT_EQ(affineFromRange({1, 2}, codeRange(8, false, true), false), affineFromRange({0, 2}, codeRange(8, false, true), false));
    EXPECT_EQ(affineFromRange({-3, -1}, codeRange(8, false, true), false).zeroPoint, 255);
}

TEST(Affine, DegenerateRangesGetScaleOneAndZeroPointZero) {
    for (const bool symmetric : {false, true}) {
        EXPECT_EQ(affineFromRange({0, 0}, codeRange(8, symmetric, true), symmetric), (AffineParameters{1.0f, 0}));
        EXPECT_EQ(affineFromRange({0, 1e-41f}, codeRange(8, symmetric, true), symmetric), (AffineParameters{1.0f, 0}));
        EXPECT_EQ(affineFromRange({kNan, kNan}, codeRange(8, symmetric, true), symmetric), (AffineParameters{1.0f, 0}));
        EXPECT_EQ(affineFromRange({-kInf, kInf}, codeRange(8, symmetric, true), symmetric), (AffineParameters{1.0f, 0}));
    }
    constexpr float largest = std::numeric_limits<float>::max();
    EXPECT_TRUE(std::isfinite(affineFromRange({-largest, largest}, codeRange(1, false, true), false).scale));
}

TEST(Affine, RoundsTiesToEvenAndSaturates) {
    const AffineParameters unit{1.0f, 0};
    const CodeRange codes = codeRange(8, true, true);
    EXPECT_EQ(encodeAffine(0.5f, unit, codes), 0);
    EXPECT_EQ(encodeAffine(1.5f, unit, codes), 2);
    EXPECT_EQ(encodeAffine(2.5f, unit, codes), 2);
    EXPECT_EQ(encodeAffine(-0.5f, unit, codes), 0);
    EXPECT_EQ(encodeAffine(-1.5f, unit, codes), -2);
    EXPECT_EQ(encodeAffine(1e30f, unit, codes), 127);
    EXPECT_EQ(encodeAffine(-kInf, unit, codes), -127);
    EXPECT_EQ(encodeAffine(kNan, {1.0f, 7}, codeRange(8, false, true)), 7);
}

TEST(Affine, EveryHalfIsCodedAsExactArithmeticSays) {
    // Scales are powers of two, so the quotients are exact and std::nearbyint in double is the law.
    for (const bool symmetric : {true, false})
        for (const float scale : {0.125f, 1.0f, 4096.0f})
            for (int bits = 2; bits <= 8; ++bits) {
                const CodeRange codes = codeRange(bits, symmetric, true);
                const AffineParameters p{scale, symmetric ? 0 : codes.hi / 3};
                for (std::uint32_t half = 0; half < 65536; ++half) {
                    const float x = halfToFloat(static_cast<std::uint16_t>(half));
                    const double nearest = std::isnan(x) ? 0.0 : std::nearbyint(double(x) / double(scale));
                    const auto expected = std::int32_t(std::clamp(nearest + p.zeroPoint, double(codes.lo), double(codes.hi)));
                    ASSERT_EQ(encodeAffine(x, p, codes), expected) << x << " bits " << bits;
                }
            }
}

TEST(Affine, QuantizeLinearGivesOnnxRuntimesCodes) {
    const auto x = golden<float>("ort/ql.x.f32.bin");
    const auto check = [&](auto expected, AffineParameters p, CodeRange codes) {
        ASSERT_EQ(expected.size(), x.size());
        std::remove_const_t<decltype(expected)> got(x.size());
        encodeAffine(std::span<const float>(x), p, codes, std::span(got));
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (std::isnan(x[i])) continue;
            ASSERT_EQ(int(got[i]), int(expected[i])) << "x = " << x[i];
            ASSERT_EQ(encodeAffine(x[i], p, codes), std::int32_t(expected[i]));
        }
    };
    check(golden<std::uint8_t>("ort/ql_u8.y.u8.bin"), {0.5f, 131}, {0, 255});
    check(golden<std::int8_t>("ort/ql_i8.y.i8.bin"), {0.5f, -5}, {-128, 127});
    check(golden<std::uint16_t>("ort/ql_u16.y.u16.bin"), {0.5f, 300}, {0, 65535});
    check(golden<std::int16_t>("ort/ql_i16.y.i16.bin"), {0.5f, -77}, {-32768, 32767});
}

TEST(Affine, BlockedFourBitRoundTripsGiveOnnxRuntimesValues) {
    const auto x = golden<float>("ort/qdq_block.x.f32.bin"), scales = golden<float>("ort/qdq_block.scale.f32.bin");
    const auto i4 = golden<float>("ort/qdq_block_i4.y.f32.bin"), u4 = golden<float>("ort/qdq_block_u4.y.f32.bin");
    for (std::size_t i = 0; i < x.size(); ++i) {
        const AffineParameters s{scales[i / 16], 0}, u{scales[i / 16], 8};
        EXPECT_EQ(decodeAffine(encodeAffine(x[i], s, {-8, 7}), s), i4[i]);
        EXPECT_EQ(decodeAffine(encodeAffine(x[i], u, {0, 15}), u), u4[i]);
    }
}

TEST(Affine, DynamicQuantizeLinearParametersAgreeWithOnnxRuntime) {
    for (int c = 0; c < 5; ++c) {
        const std::string name = "ort/dql_" + std::to_string(c);
        const auto x = golden<float>(name + ".x.f32.bin");
        const auto [lo, hi] = std::minmax_element(x.begin(), x.end());
        const auto p = affineFromRange({*lo, *hi}, {0, 255}, false);
        EXPECT_NEAR(p.scale, golden<float>(name + ".s.f32.bin")[0], 1e-6f * p.scale) << name;
        EXPECT_EQ(p.zeroPoint, golden<std::uint8_t>(name + ".z.u8.bin")[0]) << name;
    }
}

TEST(Affine, SignScaleIsTheMeanMagnitudeOfFiniteValues) {
    const std::vector<float> x = {1, -3, kNan, 2, kInf};
    EXPECT_FLOAT_EQ(signScale(x, {}, 10), 2.0f);
    EXPECT_FLOAT_EQ(signScale(x, {}, 1.5f), 4.0f / 3);
    EXPECT_EQ(signScale({}, {}, 1), 0.0f);
}

}  // namespace
}  // namespace bitlathe
