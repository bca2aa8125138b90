#include "core/base/save_file.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace bitlathe {
namespace {

class SaveFileTest : public testing::Test {
protected:
    void SetUp() override {
        folder = std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    std::string read(const std::filesystem::path& path) {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    int count() { return int(std::distance(std::filesystem::directory_iterator(folder), {})); }
    std::filesystem::path folder;
};

TEST_F(SaveFileTest, ReplacesTheTargetOnCommit) {
    std::ofstream(folder / "a") << "old";
    SaveFile file(folder / "a");
    file.write("new");
    EXPECT_EQ(read(folder / "a"), "old");
    file.commit();
    EXPECT_EQ(read(folder / "a"), "new");
    EXPECT_EQ(count(), 1);
}

TEST_F(SaveFileTest, LeavesNothingWithoutCommit) {
    { SaveFile(folder / "a").write("new"); }
    EXPECT_EQ(count(), 0);
}

// "-o /dev/full" put a regular file in the device's place.
TEST_F(SaveFileTest, NeverTakesThePlaceOfADeviceOrAFolder) {
    EXPECT_THROW(SaveFile("/dev/null"), Error);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    EXPECT_THROW(SaveFile{folder}, Error);
    std::filesystem::create_symlink("/dev/null", folder / "link");
    EXPECT_THROW(SaveFile(folder / "link"), Error);
}

TEST_F(SaveFileTest, SaysWhereAndWhyWhenTheFolderIsMissing) {
    try {
        SaveFile file(folder / "no" / "a");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Output);
        EXPECT_NE(error.message().find((folder / "no" / "a").string()), std::string::npos);
    }
}

}  // namespace
}  // namespace bitlathe
