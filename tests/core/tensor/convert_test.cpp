#include "core/tensor/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <vector>

namespace bitlathe {
namespace {

TEST(Half, SurvivesTheWayThroughFloatForAllCodes) {
    for (unsigned code = 0; code < 65536; ++code) {
        const float value = halfToFloat(static_cast<std::uint16_t>(code));
        if (std::isnan(value)) EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
        else EXPECT_EQ(floatToHalf(value), code);
    }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
    for (unsigned code = 0; code < 0x7bff; ++code) {
        const double a = halfToFloat(static_cast<std::uint16_t>(code)), b = halfToFloat(static_cast<std::uint16_t>(code + 1));
        const auto middle = static_cast<float>((a + b) / 2);
        EXPECT_EQ(floatToHalf(middle), code % 2 == 0 ? code : code + 1);
        EXPECT_EQ(floatToHalf(std::nextafter(middle, 0.0f)), code);
        EXPECT_EQ(floatToHalf(std::nextafter(middle, INFINITY)), code + 1);
    }
    EXPECT_EQ(floatToHalf(65519.0f), 0x7bff);
    EXPECT_EQ(floatToHalf(65520.0f), 0x7c00);
    EXPECT_EQ(floatToHalf(-1e30f), 0xfc00);
}

TEST(Bfloat, SurvivesTheWayThroughFloatForAllCodes) {
    for (unsigned code = 0; code < 65536; ++code) {
        const float value = bfloatToFloat(static_cast<std::uint16_t>(code));
        if (!std::isnan(value)) EXPECT_EQ(floatToBfloat(value), code);
        else EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(value))));
    }
}

std::vector<float> vectorFile(const std::string& name) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR "/../shared/vectors/lowfp/") + name, std::ios::binary);
    std::vector<float> values(256);
    file.read(reinterpret_cast<char*>(values.data()), 1024);
    values.resize(static_cast<std::size_t>(file.gcount()) / 4);
    return values;
}

TEST(SmallFloats, EveryCodeDecodesAsInTheReferenceVectors) {
    const std::pair<const char*, ElementType> formats[] = {{"e4m3fn", ElementType::F8E4M3FN}, {"e4m3fnuz", ElementType::F8E4M3FNUZ},
        {"e5m2", ElementType::F8E5M2}, {"e5m2fnuz", ElementType::F8E5M2FNUZ}, {"e8m0fnu", ElementType::F8E8M0}};
    for (const auto& [name, type] : formats) {
        const auto expected = vectorFile(std::string(name) + ".decode.f32.bin");
        if (expected.empty()) GTEST_SKIP() << "the reference vectors (../shared/vectors) are not here";
        for (std::size_t code = 0; code < expected.size(); ++code) {
            const auto byte = static_cast<std::byte>(code);
            const double value = elementAt(type, &byte, 0);
            if (std::isnan(expected[code])) EXPECT_TRUE(std::isnan(value)) << name << " " << code;
            else EXPECT_EQ(std::bit_cast<std::uint64_t>(double(expected[code])), std::bit_cast<std::uint64_t>(value)) << name << " " << code;
        }
    }
}

TEST(SmallFloats, Fp4HasItsSixteenValues) {
    const double expected[] = {0, .5, 1, 1.5, 2, 3, 4, 6};
    for (int code = 0; code < 16; ++code) {
        const std::byte bytes[1] = {static_cast<std::byte>(code << 4)};
        EXPECT_EQ(elementAt(ElementType::F4E2M1, bytes, 1), code < 8 ? expected[code] : -expected[code - 8]);
    }
}

TEST(PackedIntegers, HoldTheFirstElementInTheLowBits) {
    const std::byte byte{0b11100100};
    EXPECT_EQ(elementAt(ElementType::I4, &byte, 0), 4);
    EXPECT_EQ(elementAt(ElementType::I4, &byte, 1), -2);
    EXPECT_EQ(elementAt(ElementType::U4, &byte, 1), 14);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(elementAt(ElementType::U2, &byte, i), i);
    EXPECT_EQ(elementAt(ElementType::I2, &byte, 3), -1);
}

}  // namespace
}  // namespace bitlathe
