#include "core/data/dataset.h"

#include "core/data/npy.h"
#include "core/data/npz.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST_F(ImageFolderTest, OneFolderForEachClassIsEnough) {
    fs::remove(folder / "two.jpg");
    fs::create_directories(folder / "ants" / "small");
    fs::create_directories(folder / ".cache");
    fs::copy_file(kGolden + "grey.jpg", folder / "ants" / "small" / "b.JPG");
    fs::copy_file(kGolden + "grey.jpg", folder / "ants" / "a.jpeg");
    std::ofstream(folder / "ants" / "notes.txt") << "no picture";
    const Dataset data = openDataset(folder.string());
    EXPECT_EQ(data.classNames, (std::vector<std::string>{"ants", "cats"}));
    EXPECT_EQ(*data.labels, (std::vector<std::int64_t>{0, 0, 1}));
    EXPECT_EQ(data.arrays[0].nameOf(0), "ants/a.jpeg");
    EXPECT_EQ(data.arrays[0].nameOf(1), "ants/small/b.JPG");
    EXPECT_EQ(data.arrays[0].read(2).shape(), openDataset(folder.string()).arrays[0].read(2).shape());
}

TEST_F(ImageFolderTest, LinksThatLeadInCirclesDoNotHangAndEveryPictureIsTakenOnce) {
    fs::remove(folder / "two.jpg");
    fs::create_directory_symlink(".", folder / "cats" / "again");
    fs::create_directory_symlink(".", folder / "cats" / "once-more");
    const Dataset data = openDataset(folder.string());
    EXPECT_EQ(data.count(), 1);
    EXPECT_EQ(data.arrays[0].nameOf(0), "cats/one.png");
}

TEST_F(ImageFolderTest, AFolderWithoutPicturesWhoseLinksLeadInCirclesIsRefusedAtOnce) {
    fs::remove(folder / "two.jpg");
    fs::remove(folder / "cats" / "one.png");
    for (const char* name : {"a", "b", "c"}) fs::create_directory_symlink(".", folder / "cats" / name);
    EXPECT_NE(refusal(folder.string()), "");
}

TEST_F(ImageFolderTest, AClassMayBeALinkToItsPictures) {
    fs::remove(folder / "two.jpg");
    const fs::path elsewhere = fs::path(testing::TempDir()) / "linked-pictures";
    fs::remove_all(elsewhere);
    fs::rename(folder / "cats", elsewhere);
    fs::create_directory_symlink(elsewhere, folder / "dogs");
    const Dataset data = openDataset(folder.string());
    EXPECT_EQ(data.classNames, (std::vector<std::string>{"dogs"}));
    EXPECT_EQ(data.arrays[0].nameOf(0), "dogs/one.png");
}

TEST_F(ImageFolderTest, FoldersThatAreNumbersKeepTheirNumbers) {
    fs::remove(folder / "two.jpg");
    fs::rename(folder / "cats", folder / "10");
    fs::create_directory(folder / "9");
    fs::copy_file(kGolden + "grey.jpg", folder / "9" / "a.jpg");
    const Dataset data = openDataset(folder.string());
    EXPECT_TRUE(data.classNames.empty());
    EXPECT_EQ(*data.labels, (std::vector<std::int64_t>{10, 9}));
}

TEST_F(ImageFolderTest, PicturesAloneHaveNoLabels) {
    fs::remove_all(folder / "cats");
    const Dataset data = openDataset(folder.string());
    EXPECT_EQ(data.count(), 1);
    EXPECT_FALSE(data.labels);
}

TEST_F(ImageFolderTest, AnEmptyClassOrAPictureOutsideEveryClassIsRefused) {
    EXPECT_NE(refusal(folder.string()).find("two.jpg"), std::string::npos);  // beside cats/
    fs::remove(folder / "two.jpg");
    fs::create_directory(folder / "dogs");
    EXPECT_NE(refusal(folder.string()).find("dogs"), std::string::npos);
    fs::remove_all(folder / "cats");
    EXPECT_NE(refusal(folder.string()).find("without pictures"), std::string::npos);
}

TEST_F(ImageFolderTest, ThePreprocessingBesideThePicturesIsFound) {
    list("two.jpg,1\n");
    std::ofstream(folder / "preprocess.json") << R"({"scale": 2})";
    EXPECT_EQ(openDataset(folder.string()).preprocessing, R"({"scale": 2})");
}

TEST(Dataset, ThePreprocessingBesideAFileIsFoundWhereTheFileItselfHasNone) {
    const fs::path folder = fs::path(testing::TempDir()) / "sidecar";
    fs::remove_all(folder);
    fs::create_directories(folder);
    fs::copy_file(kGolden + "samples.npz", folder / "a.b.npz");
    fs::copy_file(kGolden + "samples.h5", folder / "s.h5");
    std::ofstream(folder / "a.b.preprocess.json") << R"({"scale": 3})";
    std::ofstream(folder / "s.preprocess.json") << R"({"scale": 3})";
    EXPECT_EQ(openDataset((folder / "a.b.npz").string()).preprocessing, R"({"scale": 3})");
    EXPECT_EQ(openDataset((folder / "a.b.npz").string() + ":x").preprocessing, R"({"scale": 3})");
    EXPECT_EQ(openDataset((folder / "s.h5").string()).preprocessing, R"({"scale": 0.5, "layout": "NCHW"})");
}

TEST(Dataset, LabelsAreFoundByTheNameOfTheirSamples) {
    const auto contains = [](const std::string& samples, const char* labels) {
        const auto names = labelNamesFor(samples);
        return std::find(names.begin(), names.end(), labels) != names.end();
    };
    EXPECT_TRUE(contains("x_test", "y_test"));
    EXPECT_TRUE(contains("X_train", "y_train"));
    EXPECT_TRUE(contains("train_images", "train_labels"));
    EXPECT_TRUE(contains("inputs", "labels"));
    const std::vector<NamedArray> arrays = {{"x_test", ElementType::F32, {5, 3}}, {"x_train", ElementType::F32, {9, 3}}, {"y_test", ElementType::I64, {5}}, {"y_train", ElementType::U8, {9}}};
    EXPECT_EQ(chooseArrays(arrays, "x_test", "d.npz").labels, 2u);
    EXPECT_EQ(chooseArrays(arrays, "x_train", "d.npz").labels, 3u);
    EXPECT_THROW(chooseArrays(arrays, "", "d.npz"), Error);  // which of the two is not clear
    EXPECT_THROW(chooseArrays({arrays[0], {"y_test", ElementType::I64, {4}}}, "x_test", "d.npz"), Error);
}

TEST(Npy, TakesItsLabelsFromTheFileBesideIt) {
    const fs::path folder = fs::path(testing::TempDir()) / "npy_labels";
    fs::remove_all(folder);
    fs::create_directories(folder);
    const std::string x = (folder / "x_test.npy").string();
    writeNpy(x, Tensor::of<float>({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_FALSE(openDataset(x).labels);
    writeNpy((folder / "y_test.npy").string(), Tensor::of<std::int64_t>({3}, std::vector<std::int64_t>{2, 0, 1}));
    EXPECT_EQ(*openDataset(x).labels, (std::vector<std::int64_t>{2, 0, 1}));
    EXPECT_EQ(openDataset(x).arrays[0].read(2).as<float>()[1], 6.0f);
    writeNpy((folder / "y_test.npy").string(), Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{2, 0}));
    EXPECT_NE(refusal(x).find("y_test.npy"), std::string::npos);
}

TEST(Npy, ReadsSamplesInAnyOrderWhileItGivesPagesBack) {
    const std::string path = (fs::path(testing::TempDir()) / "large.npy").string();
    constexpr std::int64_t kSamples = 3000, kEach = 1000;
    std::vector<float> values(kSamples * kEach);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i / kEach);
    writeNpy(path, Tensor::of<float>({kSamples, kEach}, values));
    const Dataset data = openDataset(path);
    for (const std::int64_t step : {1, 1499, -1, 7})
        for (std::int64_t i = 0, at = 0; i < kSamples; ++i, at = ((at + step) % kSamples + kSamples) % kSamples) {
            const Tensor sample = data.arrays[0].read(at);
            ASSERT_EQ(sample.as<float>().front(), static_cast<float>(at));
            ASSERT_EQ(sample.as<float>().back(), static_cast<float>(at));
        }
    fs::remove(path);
}

TEST(Npy, ATruncatedFileSaysHowMuchIsMissing) {
    const std::string path = (fs::path(testing::TempDir()) / "cut.npy").string();
    writeNpy(path, Tensor::of<float>({4, 8}, std::vector<float>(32, 1.0f)));
    fs::resize_file(path, fs::file_size(path) - 5);
    EXPECT_NE(refusal(path).find("should hold 128 bytes"), std::string::npos);
}

TEST(Npz, ACorruptDeflateStreamNamesTheArrayAndThePlace) {
    const std::string path = (fs::path(testing::TempDir()) / "deflated.npz").string();
    std::string bytes = contents(kGolden + "deflated.npz");
    ASSERT_GT(bytes.size(), 600u);
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(refusal(path), "");
    for (std::size_t at = bytes.size() / 2; at < bytes.size() / 2 + 24; ++at) bytes[at] = static_cast<char>(bytes[at] ^ 0xa5);
    std::ofstream(path, std::ios::binary) << bytes;
    const std::string message = refusal(path);
    EXPECT_NE(message.find("images.npy"), std::string::npos) << message;
    EXPECT_NE(message.find("make it again"), std::string::npos) << message;
}

TEST(Hdf5, ACorruptChunkSaysWhichRowsAndNoLibraryWords) {
    const std::string path = (fs::path(testing::TempDir()) / "corrupt.h5").string();
    const std::string whole = contents(kGolden + "chunks.h5");
    int refused = 0;
    for (std::size_t at = whole.size() / 4; at + 64 < whole.size(); at += 96) {
        std::string damaged = whole;
        for (std::size_t i = at; i < at + 64; ++i) damaged[i] = static_cast<char>(damaged[i] ^ 0xa5);
        std::ofstream(path, std::ios::binary) << damaged;
        const std::string message = refusal(path);
        refused += message.find("rows ") != std::string::npos && message.find("damaged") != std::string::npos;
        EXPECT_EQ(message.find("H5"), std::string::npos) << message;
    }
    EXPECT_GT(refused, 3);
}

TEST(Hdf5, RowsOfManyChunksComeInAnyOrder) {
    const Dataset data = openDataset(kGolden + "chunks.h5");
    ASSERT_EQ(data.count(), 61);
    for (const std::int64_t step : {1, 13, -1})
        for (std::int64_t i = 0, at = 0; i < 61; ++i, at = ((at + step) % 61 + 61) % 61) {
            const Tensor sample = data.arrays[0].read(at);
            ASSERT_EQ(sample.shape(), (Shape{4, 4}));
            ASSERT_EQ(sample.as<float>()[5], static_cast<float>(at * 16 + 5) / 4);
        }
    EXPECT_EQ((*data.labels)[60], 60 % 7);
}

}  // namespace
}  // namespace bitlathe
