#include "core/quant/small_float.h"

#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bitlathe {
namespace {

struct Named {
    const char* file;
    SmallFloat format;
};
constexpr Named kFormats[] = {{"e4m3fn", kE4M3FN}, {"e5m2", kE5M2}, {"e4m3fnuz", kE4M3FNUZ}, {"e5m2fnuz", kE5M2FNUZ},
                              {"e2m3fn", kE2M3}, {"e3m2fn", kE3M2}, {"e2m1fn", kE2M1}};

TEST(SmallFloat, DecodesEveryCodeAsMlDtypes) {
    for (const auto& [file, format] : kFormats) {
        const auto expected = golden<float>(std::string("lowfp/") + file + ".decode.f32.bin");
        ASSERT_EQ(expected.size(), std::size_t(1) << format.bits());
        for (unsigned code = 0; code < expected.size(); ++code) {
            const float value = decodeSmallFloat(format, code);
            if (std::isnan(expected[code]))
                EXPECT_TRUE(std::isnan(value)) << file << " " << code;
            else
                EXPECT_TRUE(value == expected[code] && std::signbit(value) == std::signbit(expected[code])) << file << " " << code;
        }
    }
}

// Two laws of ours differ, as ONNX wants them: infinities saturate and NaN is coded as 0.
TEST(SmallFloat, EncodesTenThousandValuesAsMlDtypes) {
    const auto x = golden<float>("lowfp/input.f32.bin");
    for (const auto& [file, format] : kFormats) {
        const auto expected = golden<std::uint8_t>(std::string("lowfp/") + file + ".encode_sat.u8.bin");
        ASSERT_EQ(expected.size(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            const unsigned code = encodeSmallFloat(format, x[i]);
            if (std::isnan(x[i]))
                EXPECT_EQ(code, 0u) << file;
            else if (std::isinf(x[i]))
                EXPECT_EQ(decodeSmallFloat(format, code), std::copysign(format.max, x[i])) << file;
            else
                EXPECT_EQ(code, expected[i]) << file << " x " << x[i];
        }
    }
}

TEST(SmallFloat, EncodesEveryFiniteCodeToItself) {
    for (const auto& [file, format] : kFormats)
        for (unsigned code = 0; code < 1u << format.bits(); ++code) {
            const float value = decodeSmallFloat(format, code);
            if (!std::isfinite(value)) continue;
            EXPECT_EQ(encodeSmallFloat(format, value), code) << file;
        }
}

TEST(SmallFloat, KnowsItsLargestValue) {
    for (const auto& [file, format] : kFormats) {
        float largest = 0;
        for (unsigned code = 0; code < 1u << format.bits(); ++code)
            if (const float value = decodeSmallFloat(format, code); std::isfinite(value)) largest = std::max(largest, value);
        EXPECT_EQ(largest, format.max) << file;
        EXPECT_EQ(format.maxExponent(), std::ilogb(format.max)) << file;
    }
}

}  // namespace
}  // namespace bitlathe
