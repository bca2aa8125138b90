#include "core/data/dataset.h"

#include "core/data/npz.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
const std::string kGolden = BITLATHE_SOURCE_DIR "/tests/golden/data/";

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string refusal(const std::string& spec) {
    try {
        const Dataset data = openDataset(spec);
        for (std::int64_t i = 0; i < data.count(); ++i) data.arrays[0].read(i);
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Input);
        return error.message();
    }
}

TEST(Npz, StreamsSamplesForwardsAndBackwards) {
    const Dataset data = openDataset(kGolden + "samples.npz");
    ASSERT_EQ(data.count(), 4);
    EXPECT_EQ(data.arrays[0].sample, (Shape{2, 3}));
    for (const std::int64_t index : {0, 3, 1, 1, 2}) {
        const Tensor sample = data.arrays[0].read(index);
        for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(sample.as<float>()[static_cast<std::size_t>(i)], static_cast<float>(index * 6 + i) / 8);
    }
    EXPECT_EQ(*data.labels, (std::vector<std::int64_t>{0, 1, 1, 0}));
}

TEST(Npz, ComesBackAsItWasWritten) {
    const auto path = (fs::path(testing::TempDir()) / "round.npz").string();
    const std::vector<std::pair<std::string, Tensor>> arrays = {
        {"a", Tensor::of<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})},
        {"scalar", Tensor::scalar(std::int64_t(7))},
        {"empty", Tensor::of<float>({0, 4}, std::vector<float>{})}};
    writeNpz(path, arrays);
    EXPECT_EQ(readNpz(path), arrays);
    const std::string first = contents(path);
    writeNpz(path, arrays);
    EXPECT_EQ(contents(path), first);
}

TEST(Npz, AnyTruncationIsRefusedOrReadsTheSame) {
    const std::string whole = contents(kGolden + "samples.npz");
    const auto path = (fs::path(testing::TempDir()) / "short.npz").string();
    for (std::size_t length = 1; length < whole.size(); length += 7) {
        std::ofstream(path, std::ios::binary) << whole.substr(0, length);
        EXPECT_NE(refusal(path), "") << length;
    }
}

TEST(Npz, AnyFlippedByteIsRefusedOrReadsSomething) {
    const std::string whole = contents(kGolden + "samples.npz");
    const auto path = (fs::path(testing::TempDir()) / "flipped.npz").string();
    int refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        std::ofstream(path, std::ios::binary) << damaged;
        refused += !refusal(path).empty();
    }
    EXPECT_GT(refused, 0);
}

TEST(Npz, ADamagedSampleIsRefusedAndNotReadAsAnother) {
    const auto path = (fs::path(testing::TempDir()) / "checksum.npz").string();
    writeNpz(path, {{"x", Tensor::of<float>({4, 8}, std::vector<float>(32, 1.5f))}});
    std::string damaged = contents(path);
    const auto at = damaged.rfind(std::string("\0\0\xc0\x3f", 4));
    ASSERT_NE(at, std::string::npos);
    damaged[at + 2] = '\x55';
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_NE(refusal(path), "");
}

TEST(Hdf5, ReadsCompressedRowsLabelsAndThePreprocessingBesideThem) {
    const Dataset data = openDataset(kGolden + "samples.h5");
    ASSERT_EQ(data.count(), 5);
    EXPECT_EQ(data.arrays[0].name, "images");
    EXPECT_EQ(data.arrays[0].sample, (Shape{4, 4, 3}));
    EXPECT_EQ(data.arrays[0].read(2).as<std::uint8_t>()[1], 97);
    EXPECT_EQ(*data.labels, (std::vector<std::int64_t>{4, 3, 2, 1, 0}));
    EXPECT_EQ(data.preprocessing, R"({"scale": 0.5, "layout": "NCHW"})");
}

TEST(Dataset, AnArrayIsChosenByNameAfterAColon) {
    EXPECT_EQ(openDataset(kGolden + "samples.npz:x").count(), 4);
    EXPECT_NE(refusal(kGolden + "samples.npz:nothing").find("labels"), std::string::npos);
}

TEST(Dataset, ANameThatIsTooLongIsMissingAndNotACrash) {
    EXPECT_NE(refusal(std::string(300, 'a')), "");
    EXPECT_NE(refusal(std::string(300, 'a') + ":x"), "");
}

TEST(Dataset, LabelsThatAreNotOnePerSampleAreRefused) {
    const std::vector<NamedArray> arrays = {{"inputs", ElementType::F32, {5, 3}}, {"labels", ElementType::I64, {4}}};
    EXPECT_THROW(chooseArrays(arrays, "", "d.npz"), Error);
    EXPECT_EQ(chooseArrays({arrays[0], {"labels", ElementType::I64, {5}}}, "", "d.npz").labels, 1u);
    EXPECT_EQ(chooseArrays({arrays[0], {"labels", ElementType::I64, {5, 1}}}, "", "d.npz").labels, 1u);
}

TEST(Dataset, SaysThatItIsMissing) { EXPECT_NE(refusal("/nowhere/at.npz").find("/nowhere/at.npz"), std::string::npos); }

class ImageFolderTest : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::path(testing::TempDir()) / "pictures";
        fs::remove_all(folder);
        fs::create_directories(folder / "cats");
        fs::copy_file(kGolden + "tiny.png", folder / "cats" / "one.png");
        fs::copy_file(kGolden + "grey.jpg", folder / "two.jpg");
    }
    void list(const std::string& text) { std::ofstream(folder / "labels.csv") << text; }
    fs::path folder;
};

TEST_F(ImageFolderTest, NumbersItsClassesByName) {
    list("file,label\ncats/one.png,dog\ntwo.jpg,cat\n");
    const Dataset data = openDataset(folder.string());
    EXPECT_EQ(data.count(), 2);
    EXPECT_EQ(data.classNames, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(*data.labels, (std::vector<std::int64_t>{1, 0}));
    EXPECT_EQ(data.arrays[0].read(1).shape(), (Shape{16, 16, 3}));
}

TEST_F(ImageFolderTest, RefusesNumbersAmongNames) {
    list("cats/one.png,cat\ntwo.jpg,7\n");
    EXPECT_NE(refusal(folder.string()).find("two.jpg"), std::string::npos);
}

TEST_F(ImageFolderTest, RefusesAPathThatLeavesTheFolder) {
    list("../secret.png,1\n");
    EXPECT_NE(refusal(folder.string()).find("leaves the folder"), std::string::npos);
}

TEST_F(ImageFolderTest, ANameThatIsTooLongIsRefusedAndNotACrash) {
    list("two.jpg,1\n" + std::string(300, 'a') + ".png,2\n");
    EXPECT_NE(refusal(folder.string()).find("line 2"), std::string::npos);
}

TEST_F(ImageFolderTest, NamesTheLineOfAMissingFile) {
    list("two.jpg,1\ngone.png,2\n");
    EXPECT_NE(refusal(folder.string()).find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
