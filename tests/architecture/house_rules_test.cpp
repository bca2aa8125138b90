// The rules that a machine can check: length of files, opening comments of headers, no unfinished marks.
#include "tests/architecture/source_tree.h"

#include <gtest/gtest.h>

namespace bitlathe {
namespace {

TEST(HouseRules, AFileIsAboutOneConceptAndNotLong) {
    constexpr std::size_t kMostLines = 450;  // "about 400"
    for (const SourceFile& file : sourceTree()) EXPECT_LE(file.lines.size(), kMostLines) << file.path;
}

TEST(HouseRules, AHeaderOpensWithWhatTheThingIs) {
    for (const SourceFile& file : sourceTree()) {
        if (!file.path.ends_with(".h") || file.lines.empty()) continue;
        EXPECT_TRUE(file.lines.front().starts_with("//")) << file.path;
    }
}

TEST(HouseRules, NothingIsLeftMarkedAsUnfinished) {
    for (const SourceFile& file : sourceTree())
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            for (const char* mark : {"TO" "DO", "FIX" "ME", "// XX" "X", "not imple" "mented"})
                EXPECT_EQ(file.lines[i].find(mark), std::string::npos) << file.path << ":" << i + 1;
}

TEST(HouseRules, FileNamesAreSnakeCase) {
    for (const SourceFile& file : sourceTree()) {
        const std::string name = file.path.substr(file.path.rfind('/') + 1);
        for (const char c : name) EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.') << file.path;
    }
}

TEST(HouseRules, TheCoreReadsNoEnvironment) {
    for (const SourceFile& file : sourceTree()) {
        if (!file.path.starts_with("core/") || file.path.starts_with("core/engine/blas")) continue;  // OpenBLAS can be told in no other way
        for (const std::string& line : file.lines) EXPECT_EQ(line.find("getenv("), std::string::npos) << file.path;
    }
}

}  // namespace
}  // namespace bitlathe
