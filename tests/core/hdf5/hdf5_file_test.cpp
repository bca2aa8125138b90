#include "core/hdf5/hdf5_file.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include <unistd.h>

namespace bitlathe {
namespace {

const std::string kSample = BITLATHE_SOURCE_DIR "/tests/golden/keras/keras3_mlp.h5";

std::vector<pid_t> children() {
    std::vector<pid_t> result;
    std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (pid_t child; list >> child;) result.push_back(child);
    return result;
}

std::string refusal(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

TEST(Hdf5File, ReadsArraysAttributesAndLists) {
    const Hdf5File file(kSample);
    const auto info = file.describe("model_weights/dense/sequential/dense/kernel");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->shape, (Shape{6, 5}));
    EXPECT_EQ(file.read("model_weights/dense/sequential/dense/kernel").count(), 30);
    EXPECT_EQ(file.readRows("model_weights/dense/sequential/dense/kernel", 2, 3).shape(), (Shape{3, 5}));
    EXPECT_EQ(file.textAttribute("/", "keras_version"), "3.4.1");
    EXPECT_EQ(file.textAttribute("/", "absent"), std::nullopt);
    EXPECT_EQ(file.textsAttribute("/model_weights", "layer_names"), (std::vector<std::string>{"dense", "dense_1"}));
    EXPECT_TRUE(file.textsAttribute("/model_weights/top_level_model_weights", "weight_names")->empty());
    EXPECT_TRUE(file.contains("/model_weights/dense"));
    EXPECT_FALSE(file.contains("/model_weights/absent/deeper"));
    EXPECT_GE(file.datasets().size(), 4u);
}

TEST(Hdf5File, SaysWhatIsWrongAndGoesOn) {
    const Hdf5File file(kSample);
    EXPECT_NE(refusal([&] { file.read("absent"); }).find("no array 'absent'"), std::string::npos);
    EXPECT_NE(refusal([&] { file.readRows("golden/x0", 0, 1000); }).find("outside"), std::string::npos);
    EXPECT_TRUE(file.contains("/golden"));
    EXPECT_NE(refusal([] { Hdf5File("/absent/file.h5"); }).find("cannot be opened"), std::string::npos);
}

TEST(Hdf5File, LivesOnWhenTheLibraryCrashesOnAFile) {
    const Hdf5File file(kSample);
    const auto readers = children();
    ASSERT_EQ(readers.size(), 1u);
    ::kill(readers[0], SIGKILL);  // a signal that sanitizers do not take for themselves
    EXPECT_NE(refusal([&] { file.datasets(); }).find("crashed on it (signal 9)"), std::string::npos);
    EXPECT_FALSE(refusal([&] { file.datasets(); }).empty());
}

TEST(Hdf5File, LeavesNoProcessBehind) {
    for (int i = 0; i < 5; ++i) Hdf5File file(kSample);
    EXPECT_TRUE(children().empty());
}

}  // namespace
}  // namespace bitlathe
