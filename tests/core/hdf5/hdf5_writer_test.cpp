#include "core/hdf5/hdf5_writer.h"

#include "core/base/error.h"
#include "core/hdf5/hdf5_file.h"
#include "tests/core/full_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

class Hdf5WriterTest : public testing::Test {
protected:
    void SetUp() override {
        m_folder = fs::temp_directory_path() / ("bitlathe_hdf5_writer_" + std::to_string(::getpid()));
        fs::create_directories(m_folder);
        m_file = (m_folder / "made.h5").string();
    }
    void TearDown() override { fs::remove_all(m_folder); }
    fs::path m_folder;
    std::string m_file;
};

TEST_F(Hdf5WriterTest, WhatIsWrittenIsReadBack) {
    std::vector<float> many(700000);
    std::iota(many.begin(), many.end(), -5.0f);
    const Tensor big = Tensor::of<float>(Shape{7, 100000}, many), small = Tensor::of<std::uint64_t>(Shape{3}, {1, 2, std::uint64_t(1) << 63});
    const Tensor half = [] {
        std::byte* to = nullptr;
        Tensor t = Tensor::allocate(ElementType::F16, Shape{2}, to);
        const std::uint16_t bits[] = {0x3c00, 0xc000};  // 1, −2
        std::copy_n(reinterpret_cast<const std::byte*>(bits), 4, to);
        return t;
    }();
    {
        Hdf5Writer writer(m_file);
        writer.array("deep/er/packed", big);
        writer.array("deep/er/plain", big, Hdf5Packing::Plain);
        writer.array("small", small);
        writer.array("half", half);
        writer.array("scalar", Tensor::scalar<double>(2.5));
        writer.array("nothing", Tensor::of<float>(Shape{0, 4}, std::vector<float>()));
        writer.group("alone");
        writer.attribute("alone", "about", std::string("größer, 1 μs"));
        writer.attribute("alone", "about", std::string("said again"));
        writer.attribute("/", "empty", std::string());
        writer.attribute("deep/er/packed", "axes", std::vector<std::string>{"row", "column"});
        writer.attribute("/", "none", std::vector<std::string>{});
        writer.attribute("alone", "count", std::int64_t(7));
        writer.attribute("alone", "share", 0.5);
        writer.close();
    }
    const Hdf5File file(m_file);
    EXPECT_EQ(file.read("deep/er/packed"), big);
    EXPECT_EQ(file.read("deep/er/plain"), big);
    EXPECT_EQ(file.read("small"), small);
    EXPECT_EQ(file.read("half"), half);
    EXPECT_EQ(file.read("scalar").as<double>()[0], 2.5);
    EXPECT_EQ(file.read("nothing").count(), 0);
    EXPECT_EQ(file.textAttribute("alone", "about"), "said again");
    EXPECT_EQ(file.textAttribute("/", "empty"), "");
    EXPECT_EQ(file.textsAttribute("deep/er/packed", "axes"), (std::vector<std::string>{"row", "column"}));
    EXPECT_EQ(file.textsAttribute("/", "none"), std::vector<std::string>{});
    EXPECT_LT(fs::file_size(m_file), std::uintmax_t(2 * big.bytes().size()));
}

TEST_F(Hdf5WriterTest, ANodeComesBackWithUnitsAndMeanings) {
    Hdf5Node node;
    node.about = "figures of a layer";
    node.add("long", std::string(100000, 'x'), {}, "a long text");
    node.add("name", std::string("conv1"));
    node.add("none", std::vector<std::string>{});
    node.add("counts", Tensor::of<std::uint64_t>(Shape{2}, {1, 2}), "weights", "how many fall into each bin");
    node.add("sqnr", 31.5, "dB");
    node.add("samples", std::int64_t(1) << 60);
    node.add("steps", std::vector<std::string>{"a", "", "größer"});
    node.add("empty", std::string());
    Hdf5Writer writer(m_file);
    writer.node("figures/conv1", node);
    writer.node("figures/b", {});
    writer.array("figures/array", Tensor::scalar<float>(1));
    writer.close();
    const Hdf5File file(m_file);
    Hdf5Node read = file.node("figures/conv1");
    const auto byName = [](const Hdf5Item& a, const Hdf5Item& b) { return a.name < b.name; };
    std::sort(read.items.begin(), read.items.end(), byName);
    std::sort(node.items.begin(), node.items.end(), byName);
    EXPECT_EQ(read, node);
    EXPECT_EQ(unpackNode(pack(node), "bytes"), node);
    EXPECT_EQ(file.node("figures/b"), Hdf5Node{});
    EXPECT_EQ(file.groups("figures"), (std::vector<std::string>{"b", "conv1"}));
    EXPECT_EQ(file.groups("nowhere"), std::vector<std::string>{});
    EXPECT_THROW(file.node("nowhere"), Error);
}

TEST(Hdf5Node, EveryPrefixAndEveryFlippedByteIsRefusedOrANode) {
    Hdf5Node node;
    node.add("a", std::string("text"));
    node.add("b", std::vector<std::string>{"x", "y"});
    node.add("c", Tensor::of<float>(Shape{2}, {1, 2}), "V");
    const std::vector<std::byte> bytes = pack(node);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        EXPECT_THROW(unpackNode(std::span(bytes).first(i), "bytes"), Error) << i;
        std::vector<std::byte> broken = bytes;
        broken[i] ^= std::byte(0xff);
        try {
            unpackNode(broken, "bytes");
        } catch (const Error&) {
        }
    }
}

TEST_F(Hdf5WriterTest, EqualContentsGiveEqualBytes) {
    const auto make = [&](const std::string& path) {
        Hdf5Writer writer(path, 512);
        writer.array("a/b", Tensor::of<float>(Shape{2}, {1, 2}));
        writer.attribute("a", "name", std::string("x"));
        writer.close();
    };
    make(m_file);
    make(m_file + "2");
    const auto bytes = [](const std::string& path) { return testing_support::fileText(path); };
    EXPECT_EQ(bytes(m_file), bytes(m_file + "2"));
    EXPECT_EQ(bytes(m_file).substr(512, 4), "\x89HDF");
}

TEST_F(Hdf5WriterTest, AFullDiskIsASentenceAndNotTheEnd) {
    const testing_support::FileSizeLimit limit(100000);
    std::vector<float> many(1 << 20);
    std::iota(many.begin(), many.end(), 0.5f);
    const auto write = [&](std::size_t count) {
        Hdf5Writer writer(m_file);
        writer.array("x", Tensor::of<float>(Shape{std::int64_t(count)}, std::span(many).first(count)), Hdf5Packing::Plain);
        for (int i = 0; i < 2000; ++i) writer.attribute("x", "a" + std::to_string(i), std::string(100, 'x'));
        writer.close();
    };
    for (const std::size_t count : {std::size_t(1) << 20, std::size_t(10)}) {
        try {
            write(count);
            FAIL() << "wrote more than the limit";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::Output);
            EXPECT_NE(error.message().find(m_file), std::string::npos) << error.message();
        }
    }
    Hdf5Writer after(m_file);  // and the library is still of use
    after.array("x", Tensor::scalar<float>(1));
    after.close();
    EXPECT_EQ(Hdf5File(m_file).read("x").as<float>()[0], 1.0f);
}

TEST_F(Hdf5WriterTest, AFolderThatIsNotThereIsNamed) {
    try {
        Hdf5Writer writer("/nowhere/at/all.h5");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("/nowhere/at/all.h5"), std::string::npos);
        EXPECT_NE(error.message().find("No such file"), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace bitlathe
