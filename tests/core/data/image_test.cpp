#include "core/data/image.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bitlathe {
namespace {

const std::string kGolden = BITLATHE_SOURCE_DIR "/tests/golden/data/";

TEST(Image, APngKeepsItsPixels) {
    const Tensor picture = readImage(kGolden + "tiny.png");
    EXPECT_EQ(picture.shape(), (Shape{3, 2, 3}));
    const auto x = picture.as<std::uint8_t>();
    EXPECT_EQ(x[0], 255);
    EXPECT_EQ(x[17], 255);
    EXPECT_EQ(x[3], 0);
}

TEST(Image, AJpegIsReadAsRgb) {
    const Tensor picture = readImage(kGolden + "grey.jpg");
    EXPECT_EQ(picture.shape(), (Shape{16, 16, 3}));
    for (const auto x : picture.as<std::uint8_t>()) EXPECT_LE(std::abs(x - 128), 2);
}

TEST(Image, AJpegThatEndsEarlyIsRefusedAndNotHalfGrey) {
    std::ostringstream text;
    text << std::ifstream(kGolden + "grey.jpg", std::ios::binary).rdbuf();
    const std::string whole = text.str();
    const auto path = (std::filesystem::path(testing::TempDir()) / "cut.jpg").string();
    const auto scan = whole.find("\xff\xda");
    ASSERT_NE(scan, std::string::npos);
    for (std::size_t length = scan + 14; length + 2 < whole.size(); ++length) {
        std::ofstream(path, std::ios::binary) << whole.substr(0, length);
        EXPECT_THROW(readImage(path), Error) << length << " of " << whole.size();
    }
}

TEST(Image, ADamagedOneIsRefused) {
    std::ostringstream text;
    text << std::ifstream(kGolden + "tiny.png", std::ios::binary).rdbuf();
    const auto path = (std::filesystem::path(testing::TempDir()) / "cut.png").string();
    for (std::size_t length = 0; length + 20 < text.str().size(); length += 3) {
        std::ofstream(path, std::ios::binary) << text.str().substr(0, length);
        EXPECT_THROW(readImage(path), Error) << length;
    }
}

}  // namespace
}  // namespace bitlathe
