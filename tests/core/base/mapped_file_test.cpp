#include "core/base/mapped_file.h"

#include "core/base/job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

class MappedFiles : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::temp_directory_path() / ("bitlathe-mapped-" + std::to_string(::getpid()));
        fs::create_directories(folder);
    }
    void TearDown() override { fs::remove_all(folder); }
    fs::path write(const char* name, std::size_t bytes) {
        const fs::path path = folder / name;
        std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
        return path;
    }
    static std::size_t count(std::span<const std::byte> bytes, char what) {
        return std::size_t(std::count(bytes.begin(), bytes.end(), std::byte(what)));
    }
    fs::path folder;
};

TEST_F(MappedFiles, HoldTheSameBytesOnLargePages) {
    const auto file = MappedFile::open(write("large", 5'000'001));
    preferLargePages(file->bytes().subspan(3));
    preferLargePages(file->bytes().subspan(1, 100));  // no whole page
    preferLargePages({});
    EXPECT_EQ(count(file->bytes(), 'x'), 5'000'001u);
    file->release(file->bytes());
    EXPECT_EQ(count(file->bytes(), 'x'), 5'000'001u);
    EXPECT_TRUE(file->intact());
}

TEST_F(MappedFiles, HoldTheFilesBytes) {
    const auto file = MappedFile::open(write("whole", 100'000));
    EXPECT_EQ(count(file->bytes(), 'x'), 100'000u);
    EXPECT_TRUE(file->intact());
    EXPECT_TRUE(MappedFile::open(write("empty", 0))->intact());
}

TEST_F(MappedFiles, WhatAnotherProgramCutsOffReadsAsZerosAndIsSaid) {
    const fs::path path = write("cut", 1 << 20);
    const auto file = MappedFile::open(path), other = MappedFile::open(write("other", 1 << 16));
    fs::resize_file(path, 8192);
    EXPECT_FALSE(file->intact()) << "known before anything was touched";
    const auto before = lostPages();
    EXPECT_EQ(count(file->bytes(), 'x'), 8192u);
    EXPECT_EQ(count(file->bytes(), '\0'), (1u << 20) - 8192u);
    EXPECT_GT(lostPages(), before);
    EXPECT_FALSE(file->intact());
    EXPECT_TRUE(other->intact());
    EXPECT_EQ(count(other->bytes(), 'x'), 1u << 16);
    EXPECT_NO_THROW(refuseLostPages(other->bytes()));
    EXPECT_THROW(refuseLostPages(file->bytes().subspan(5000, 10)), Error);
}

TEST_F(MappedFiles, AJobThatReadsLostPagesFailsWithTheFilesName) {
    const fs::path path = write("during", 1 << 20);
    const auto file = MappedFile::open(path);
    JobContext context;
    const auto outcome = runJob(context, [&](JobContext&) {
        fs::resize_file(path, 0);
        return count(file->bytes(), 'x');
    });
    ASSERT_TRUE(outcome.error());
    EXPECT_EQ(outcome.error()->kind(), ErrorKind::Input);
    EXPECT_NE(outcome.error()->message().find(path.string()), std::string::npos) << outcome.error()->message();
    EXPECT_TRUE(runJob(context, [&](JobContext&) { return 1; }).ok()) << "jobs that lose nothing go on";
}

TEST_F(MappedFiles, AFileThatIsReplacedKeepsTheOldBytes) {
    const fs::path path = write("old", 1 << 16);
    const auto file = MappedFile::open(path);
    fs::rename(write("new", 10), path);
    EXPECT_EQ(count(file->bytes(), 'x'), 1u << 16);
    EXPECT_TRUE(file->intact());
}

}  // namespace
}  // namespace bitlathe
