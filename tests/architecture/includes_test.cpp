// Who may include whom: the table of core/README.md.
#include "tests/architecture/source_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace bitlathe {
namespace {

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"kernels", {}},
    {"tensor", {"base"}},
    {"model", {"base", "tensor"}},
    {"hdf5", {"base", "tensor"}},
    {"quant", {"base", "tensor", "model", "kernels"}},
    {"metrics", {"base", "tensor", "model", "quant", "kernels"}},
    {"data", {"base", "tensor", "hdf5"}},
    {"engine", {"base", "tensor", "model", "quant", "kernels"}},
    {"language", {"base", "tensor", "model", "quant"}},
    {"formats", {"base", "tensor", "model", "hdf5", "quant", "language"}},
    {"project", {"base", "tensor", "hdf5", "quant", "metrics"}},
    {"workflow", {"base", "kernels", "tensor", "model", "hdf5", "quant", "metrics", "project", "data", "language", "engine", "formats"}},
};

// "core/base/error.h" from a line `#include "core/base/error.h"`; empty for other lines.
std::string included(const std::string& line, char open, char close) {
    if (!line.starts_with("#include")) return "";
    const auto from = line.find(open);
    const auto to = line.find(close, from + 1);
    return from == std::string::npos || to == std::string::npos ? "" : line.substr(from + 1, to - from - 1);
}

std::string roomOf(const std::string& path) {
    const auto end = path.find('/', 5);
    return path.starts_with("core/") && end != std::string::npos ? path.substr(5, end - 5) : "";
}

TEST(Architecture, RoomsOfTheCoreIncludeOnlyWhatTheirRowAllows) {
    int checked = 0;
    for (const SourceFile& file : sourceTree()) {
        const std::string room = roomOf(file.path);
        if (room.empty()) continue;
        const auto row = kMayInclude.find(room);
        ASSERT_NE(row, kMayInclude.end()) << file.path << ": the room '" << room << "' has no row in core/README.md and here";
        for (const std::string& line : file.lines) {
            const std::string path = included(line, '"', '"');
            if (path.empty()) continue;
            ++checked;
            const std::string other = roomOf(path);
            EXPECT_TRUE(other.empty() || other == room || row->second.contains(other)) << file.path << " includes " << path;
            EXPECT_FALSE(path.starts_with("widgets/") || path.starts_with("app/")) << file.path << " includes " << path;
        }
    }
    EXPECT_GT(checked, 100);
}

TEST(Architecture, TheCoreAndTheCommandLineKnowNeitherQtNorImGui) {
    for (const SourceFile& file : sourceTree()) {
        if (!file.path.starts_with("core/") && !file.path.starts_with("app/cli/")) continue;
        for (const std::string& line : file.lines) {
            const std::string header = included(line, '<', '>');
            EXPECT_FALSE(header.size() > 1 && header[0] == 'Q' && header[1] >= 'A' && header[1] <= 'Z') << file.path << " includes " << header;
            EXPECT_EQ(header.find("imgui"), std::string::npos) << file.path;
            EXPECT_FALSE(included(line, '"', '"').starts_with("widgets/")) << file.path << ": " << line;
        }
    }
}

TEST(Architecture, PlotsKnowNoQt) {
    for (const SourceFile& file : sourceTree()) {
        if (!file.path.starts_with("widgets/plots/")) continue;
        for (const std::string& line : file.lines) {
            const std::string header = included(line, '<', '>');
            EXPECT_FALSE(header.size() > 1 && header[0] == 'Q' && header[1] >= 'A' && header[1] <= 'Z') << file.path << " includes " << header;
        }
    }
}

TEST(Architecture, WidgetsDoNotRunTheEngineOrReadFiles) {
    for (const SourceFile& file : sourceTree()) {
        if (!file.path.starts_with("widgets/")) continue;
        for (const std::string& line : file.lines) {
            const std::string path = included(line, '"', '"');
            for (const char* room : {"core/engine/", "core/formats/", "core/data/", "core/workflow/"})
                EXPECT_FALSE(path.starts_with(room)) << file.path << " includes " << path;
            EXPECT_FALSE(path.starts_with("app/")) << file.path << " includes " << path;
        }
    }
}

// Each library has one way in, so that it can be replaced and its errors are turned into ours in one place.
TEST(Architecture, LibrariesAreIncludedInOnePlaceOnly) {
    const std::map<std::string, std::string> home = {{"hdf5.h", "core/hdf5/"}, {"H5public.h", "core/hdf5/"}, {"cblas.h", "core/engine/blas"},
                                                     {"zip.h", "core/data/"}, {"unicode/uregex.h", "core/language/"}, {"unicode/unorm2.h", "core/language/"}, {"unicode/uchar.h", "core/language/"}, {"onnx/onnx_pb.h", "core/formats/onnx/"},
                                                     {"onnx/onnx-ml.pb.h", "core/formats/onnx/"}};
    for (const SourceFile& file : sourceTree())
        for (const std::string& line : file.lines) {
            const auto row = home.find(included(line, '<', '>'));
            EXPECT_TRUE(row == home.end() || file.path.starts_with("tests/") || file.path.starts_with(row->second)) << file.path << ": " << line;
        }
}

TEST(Architecture, IsaFilesIncludeTheirContractAndNothingElse) {
    for (const SourceFile& file : sourceTree()) {
        const bool isa = file.path.starts_with("core/kernels/") &&
                         (file.path.ends_with("_avx2.cpp") || file.path.ends_with("_avx512.cpp") || file.path.ends_with("_avx512vnni.cpp") || file.path.ends_with("_amx.cpp"));
        if (!isa) continue;
        for (const std::string& line : file.lines) {
            const std::string system = included(line, '<', '>');
            EXPECT_TRUE(system.empty() || system == "immintrin.h") << file.path << " includes " << system;
            EXPECT_FALSE(line.starts_with("template")) << file.path;
        }
    }
}

}  // namespace
}  // namespace bitlathe
