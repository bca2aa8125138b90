#include "core/formats/onnx/onnx.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

Model linear(std::int64_t inputs, std::int64_t outputs) {
    Model model;
    model.name = "linear";
    model.opsets[""] = 17;
    model.metadata = {{"who", "us"}, {"kept", "yes"}};
    Graph& graph = model.graph;
    graph.name = "g";
    const ValueId x = graph.addValue("x"), y = graph.addValue("y");
    std::vector<float> weights(static_cast<std::size_t>(inputs * outputs));
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i) * 0.5f;
    const ValueId w = graph.addConstant("w", Tensor::of<float>({inputs, outputs}, weights));
    graph.values[static_cast<std::size_t>(x)].type = ElementType::F32;
    graph.values[static_cast<std::size_t>(x)].shape = {{-1, "N"}, {inputs, ""}};
    graph.values[static_cast<std::size_t>(y)].type = ElementType::F32;
    graph.nodes.push_back({.name = "product", .op = "MatMul", .inputs = {x, w}, .outputs = {y}});
    graph.inputs = {x};
    graph.outputs = {y};
    return model;
}

class OnnxWriter : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::path(testing::TempDir()) / (std::string("writer_") + testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    fs::path folder;
    JobContext job;
};

TEST_F(OnnxWriter, WhatIsWrittenIsReadBack) {
    onnx::write(linear(3, 2), folder / "m.onnx", {.metadata = {{"who", "them"}, {"new", "1"}}}, job);
    const Model model = onnx::read(folder / "m.onnx", job);
    EXPECT_EQ(model.opsets.at(""), 21);
    ASSERT_EQ(model.graph.nodes.size(), 1u);
    EXPECT_EQ(model.graph.constant(model.graph.nodes[0].inputs[1])->as<float>()[5], 2.5f);
    EXPECT_EQ(model.metadata, (std::vector<std::pair<std::string, std::string>>{{"who", "them"}, {"kept", "yes"}, {"new", "1"}}));
    EXPECT_EQ(model.graph.value(model.graph.inputs[0]).shape->at(0).symbol, "N");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

TEST_F(OnnxWriter, TheSameGraphGivesTheSameBytes) {
    onnx::write(linear(3, 2), folder / "a.onnx", {}, job);
    onnx::write(linear(3, 2), folder / "b.onnx", {}, job);
    EXPECT_EQ(contents(folder / "a.onnx"), contents(folder / "b.onnx"));
}

TEST_F(OnnxWriter, LargeWeightsGoToAFileOfTheirOwn) {
    onnx::write(linear(64, 32), folder / "m.onnx", {.metadata = {}, .externalAbove = 1000}, job);
    EXPECT_EQ(fs::file_size(folder / "m.onnx.data"), 64u * 32 * 4);
    EXPECT_LT(fs::file_size(folder / "m.onnx"), 1000u);
    const Model model = onnx::read(folder / "m.onnx", job);
    EXPECT_EQ(model.graph.constant(model.graph.nodes[0].inputs[1])->as<float>()[2047], 1023.5f);
}

TEST_F(OnnxWriter, PackedTypesKeepTheirBytesAndRaiseTheOpset) {
    Model model = linear(2, 2);
    const std::byte bytes[2] = {std::byte{0x21}, std::byte{0xf8}};
    const ValueId q = model.graph.addConstant("q", Tensor(ElementType::I4, {2, 2}, bytes, nullptr)), s = model.graph.addConstant("s", Tensor::scalar(0.5f));
    const ValueId d = model.graph.addValue("d");
    model.graph.nodes.insert(model.graph.nodes.begin(), Node{.name = "dq", .op = "DequantizeLinear", .inputs = {q, s}, .outputs = {d}});
    model.graph.nodes[1].inputs[1] = d;
    onnx::write(model, folder / "m.onnx", {}, job);
    const Model got = onnx::read(folder / "m.onnx", job);
    const Tensor* codes = got.graph.constant(got.graph.nodes[0].inputs[0]);
    ASSERT_NE(codes, nullptr);
    EXPECT_EQ(codes->type(), ElementType::I4);
    EXPECT_EQ(codes->bytes()[1], std::byte{0xf8});
}

TEST_F(OnnxWriter, NeverOverwritesItsSource) {
    Model model = linear(2, 2);
    onnx::write(model, folder / "m.onnx", {}, job);
    const std::string before = contents(folder / "m.onnx");
    model.source = folder / "m.onnx";
    EXPECT_THROW(onnx::write(model, folder / "m.onnx", {}, job), Error);
    fs::create_symlink(folder / "m.onnx", folder / "link.onnx");
    EXPECT_THROW(onnx::write(model, folder / "link.onnx", {}, job), Error);
    EXPECT_EQ(contents(folder / "m.onnx"), before);
}

TEST_F(OnnxWriter, ACancelledWriteLeavesNothing) {
    std::stop_source stop;
    JobContext stopping(stop.get_token(), [&](double fraction, std::string_view) { if (fraction >= 0.5) stop.request_stop(); });
    EXPECT_THROW(onnx::write(linear(8, 8), folder / "m.onnx", {}, stopping), Cancelled);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 0);
}

TEST_F(OnnxWriter, RealNetworksComeBackAsTheyWere) {
    const fs::path corpus = BITLATHE_SOURCE_DIR "/../shared/corpus";
    if (!fs::exists(corpus)) GTEST_SKIP() << "the real networks (../shared/corpus) are not here";
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
        if (entry.path().extension() != ".onnx") continue;
        const Model model = onnx::read(entry.path(), job);
        onnx::write(model, folder / "again.onnx", {}, job);  // reads it back and compares
        EXPECT_EQ(onnx::read(folder / "again.onnx", job).layers.size(), model.layers.size()) << entry.path();
        ++count;
    }
    EXPECT_GT(count, 3);
}

}  // namespace
}  // namespace bitlathe
