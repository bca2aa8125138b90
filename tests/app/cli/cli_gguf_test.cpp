// GGUF files on the command line.
#include "tests/app/cli/cli_rig.h"
#include "tests/core/formats/gguf_sample.h"

#include <cmath>

namespace bitlathe {
namespace {

class CliGguf : public Cli {
protected:
    void SetUp() override {
        Cli::SetUp();
        std::vector<float> x(256 * 12), norm(256, 1.0f);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.02f * std::sin(float(i * i % 1013));
        write("model.gguf", GgufSample().text("general.architecture", "llama").tensor("blk.0.attn_q.weight", {256, 12}, 0, bytesOf(x)).tensor("blk.0.attn_k.weight", {256, 12}, 0, bytesOf(x))
                                .tensor("output_norm.weight", {256}, 0, bytesOf(norm)).bytes());
        const auto number = [](std::int32_t n) { return std::string(reinterpret_cast<const char*>(&n), 4); };
        const std::string name = "blk.0.attn_q.weight";
        write("imatrix.dat", number(1) + number(std::int32_t(name.size())) + name + number(1) + number(256) + bytesOf(norm));
    }
    Json json(const std::string& line) { return Json::parse(cli(line + " --json").out); }
};

TEST_F(CliGguf, LayersAreListedWithTheirTypes) {
    const Json model = json("inspect " + at("model.gguf") + " --importance " + at("imatrix.dat"));
    EXPECT_EQ(model.at("format"), "gguf");
    ASSERT_EQ(model.at("layers").size(), 3u);
    EXPECT_EQ(model.at("layers")[0].at("name"), "blk.0.attn_q");
    EXPECT_EQ(model.at("layers")[0].at("note"), "");
    EXPECT_EQ(model.at("layers")[1].at("note"), "not in the importance file");
    EXPECT_EQ(model.at("layers")[2].at("quantizable"), false);
}

TEST_F(CliGguf, ACodecIsEnoughOfARecipe) {
    const Json made = json("quantize " + at("model.gguf") + " --codec q4_k --importance " + at("imatrix.dat") + " -o " + at("q.gguf"));
    EXPECT_NEAR(made.at("storedBitsPerWeight").get<double>(), 4.5, 1e-9);
    const Json written = json("inspect " + at("q.gguf"));
    EXPECT_EQ(written.at("layers")[0].at("storedAs"), "q4_K");
    EXPECT_EQ(written.at("layers")[2].at("storedAs"), "float32");
    for (const std::string other : {"--threads 1", "--threads 3", "--isa reference", "--isa avx2"}) {
        ASSERT_EQ(cli("quantize " + at("model.gguf") + " --codec q4_k --importance " + at("imatrix.dat") + " " + other + " -o " + at("other.gguf")).code, 0);
        EXPECT_TRUE(contents(at("other.gguf")) == contents(at("q.gguf"))) << other;
    }
}

TEST_F(CliGguf, WhatCannotBeDoneIsASentence) {
    expectRefusal(cli("quantize " + at("model.gguf") + " --codec int --bits 5 -o " + at("q.gguf")), 4, "q5_k");
    expectRefusal(cli("quantize " + at("model.gguf") + " --codec nothing -o " + at("q.gguf")), 2, "list codecs");
    expectRefusal(cli("quantize " + at("model.gguf") + " --codec q4_0 --target onnxruntime -o " + at("q.onnx")), 2, "llama.cpp");
    expectRefusal(cli("quantize " + at("model.gguf") + " --codec q4_0 -o " + at("model.gguf")), 2, "source");
    expectRefusal(cli("quantize " + at("model.gguf") + " --codec q4_0 -o " + at("q.onnx")), 2, "ends in .gguf");
    expectRefusal(cli("quantize " + kModel + " --preset int8-weights --importance " + at("imatrix.dat") + " -o " + at("q.onnx")), 2, "GGUF");
    expectRefusal(cli("bench " + at("model.gguf")), 4, "no graph");
}

}  // namespace
}  // namespace bitlathe
