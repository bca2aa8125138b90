#include "core/workflow/sources.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <fstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

class Sources : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::path(testing::TempDir()) / "sources_test";
        fs::remove_all(folder);
        fs::create_directories(folder / "pictures/deep");
        for (const char* name : {"m.onnx", "m.onnx.data", "c.npz", "pictures/deep/a.png"}) std::ofstream(folder / name) << "bytes";
        fs::create_symlink(folder / "m.onnx.data", folder / "link");
        model.source = folder / "m.onnx";
        model.weightFiles = {folder / "m.onnx.data"};
    }
    void TearDown() override { fs::remove_all(folder); }
    bool refuses(const std::string& output, const std::vector<std::string>& sources = {}) {
        try {
            refuseOverwriting(folder / output, &model, sources);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Usage);
            EXPECT_NE(error.message().find(output), std::string::npos) << error.message();
            return true;
        }
        return false;
    }
    fs::path folder;
    Model model;
};

TEST_F(Sources, TheModelAndItsWeightsAreKept) {
    EXPECT_TRUE(refuses("m.onnx"));
    EXPECT_TRUE(refuses("m.onnx.data"));
    EXPECT_TRUE(refuses("link"));
    EXPECT_TRUE(refuses("pictures/../m.onnx"));
    EXPECT_FALSE(refuses("new.onnx"));
    EXPECT_FALSE(refuses("c.npz"));
}

TEST_F(Sources, DataIsKeptHoweverItIsNamed) {
    EXPECT_TRUE(refuses("c.npz", {"", (folder / "c.npz").string()}));
    EXPECT_TRUE(refuses("c.npz", {(folder / "c.npz").string() + ":images"}));
    EXPECT_TRUE(refuses("pictures/deep/a.png", {(folder / "pictures").string()}));
    EXPECT_FALSE(refuses("pictures/new.onnx", {(folder / "pictures").string()}));
    EXPECT_FALSE(refuses("new.onnx", {"", "nowhere.npz", "nowhere:name"}));
}

}  // namespace
}  // namespace bitlathe
