// The contract of bitlathe-cli: exit codes, one JSON document on standard output, nothing written on failure.
#include "core/data/npy.h"
#include "core/data/npz.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/wait.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string kDemo = BITLATHE_SOURCE_DIR "/resources/demo/";

struct Answer {
    int code = -1;
    std::string out, err;
};

class Cli : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::path(testing::TempDir()) / (std::string("cli_") + testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    Answer cli(const std::string& arguments) {
        const std::string err = (folder / "stderr.txt").string();
        Answer answer;
        FILE* pipe = popen((std::string(BITLATHE_CLI) + " " + arguments + " 2>" + err).c_str(), "r");
        char buffer[4096];
        for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) answer.out.append(buffer, got);
        const int status = pclose(pipe);
        answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        answer.err = contents(err);
        return answer;
    }
    static std::string contents(const fs::path& path) {
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        return text.str();
    }
    std::string at(const std::string& name) { return (folder / name).string(); }
    fs::path folder;
};

TEST_F(Cli, WrongUsageIsExitCode2) {
    for (const char* bad : {"", "nonsense", "inspect", "list nothing", "evaluate x.onnx", "bench x.onnx --engine fast", "inspect x --threads -1"})
        EXPECT_EQ(cli(bad).code, 2) << bad;
    EXPECT_EQ(cli("inspect " + kDemo + "glyphs.onnx --isa sse2").code, 2);
}

TEST_F(Cli, AMissingOrBrokenModelIsExitCode3AndOneSentence) {
    std::ofstream(folder / "broken.onnx") << "this is no model";
    for (const std::string& path : {at("missing.onnx"), at("broken.onnx")}) {
        const Answer answer = cli("inspect " + path);
        EXPECT_EQ(answer.code, 3);
        EXPECT_EQ(answer.out, "");
        EXPECT_NE(answer.err.find(path), std::string::npos);
        EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1) << answer.err;
    }
}

TEST_F(Cli, ListsEveryKindAsTextAndAsJson) {
    for (const std::string kind : {"codecs", "formats", "presets", "targets", "kernels", "operators"}) {
        const Answer answer = cli("list " + kind + " --json");
        ASSERT_EQ(answer.code, 0) << kind << answer.err;
        const Json rows = Json::parse(answer.out);
        ASSERT_FALSE(rows.empty()) << kind;
        for (const Json& row : rows) EXPECT_TRUE(row.contains("name") && row.contains("label")) << kind;
        EXPECT_NE(cli("list " + kind).out.find(rows[0].at("name").get<std::string>()), std::string::npos);
    }
}

TEST_F(Cli, InspectSaysWhatTheContractPromises) {
    const Answer answer = cli("inspect " + kDemo + "glyphs.onnx --json");
    ASSERT_EQ(answer.code, 0) << answer.err;
    const Json document = Json::parse(answer.out);
    EXPECT_EQ(document.at("format"), "onnx");
    EXPECT_EQ(document.at("inputs").size(), 1u);
    ASSERT_GT(document.at("layers").size(), 3u);
    for (const Json& layer : document.at("layers"))
        for (const char* key : {"name", "kind", "shape", "parameters", "bytes", "runnable", "note"}) EXPECT_TRUE(layer.contains(key)) << key;
}

TEST_F(Cli, EvaluateMeasuresTheDemoAndItsGateFails) {
    const std::string common = "evaluate " + kDemo + "glyphs.onnx --data " + kDemo + "glyphs_test.npz --samples 200 --json ";
    const Json document = Json::parse(cli(common).out);
    EXPECT_EQ(document.at("samples"), 200);
    EXPECT_GT(document.at("top1").get<double>(), 0.8);
    for (const char* key : {"engine", "top5", "agreement", "layers"}) EXPECT_TRUE(document.contains(key)) << key;
    EXPECT_EQ(cli(common + "--fail-if 'top1>0.1'").code, 5);
    EXPECT_EQ(cli(common + "--fail-if 'top1<0.1'").code, 0);
    EXPECT_EQ(cli(common + "--preset int8").code, 2) << "int8 needs calibration data";
    EXPECT_EQ(cli(common + "--preset none-such").code, 2);
}

TEST_F(Cli, QuantizeWritesTheSameBytesForEveryThreadCountAndIsa) {
    const std::string common = "quantize " + kDemo + "glyphs.onnx --preset int8 --calibration " + kDemo + "glyphs_calibration.npz --calibration-samples 32 ";
    ASSERT_EQ(cli(common + "--threads 1 -o " + at("a.onnx")).code, 0);
    ASSERT_EQ(cli(common + "--threads 3 -o " + at("b.onnx")).code, 0);
    ASSERT_EQ(cli(common + "--isa reference -o " + at("c.onnx")).code, 0);
    EXPECT_FALSE(contents(at("a.onnx")).empty());
    EXPECT_EQ(contents(at("a.onnx")), contents(at("b.onnx")));
    EXPECT_EQ(contents(at("a.onnx")), contents(at("c.onnx")));
}

TEST_F(Cli, AnExportedFileRunsAsItStandsAndInIntegers) {
    const std::string data = " --data " + kDemo + "glyphs_test.npz --samples 100 --no-layers --json";
    ASSERT_EQ(cli("quantize " + kDemo + "glyphs.onnx --preset int8 --calibration " + kDemo + "glyphs_calibration.npz -o " + at("q.onnx")).code, 0);
    const Json literal = Json::parse(cli("evaluate " + at("q.onnx") + data).out), integer = Json::parse(cli("evaluate " + at("q.onnx") + data + " --engine integer").out);
    EXPECT_GT(literal.at("top1").get<double>(), 0.8);
    EXPECT_NEAR(literal.at("top1").get<double>(), integer.at("top1").get<double>(), 0.021);
}

TEST_F(Cli, ADryRunAndAFailureWriteNothing) {
    EXPECT_EQ(cli("quantize " + kDemo + "glyphs.onnx --preset int4-g128 --dry-run --json").code, 0);
    EXPECT_EQ(cli("quantize " + kDemo + "glyphs.onnx --preset int8 -o " + at("no.onnx")).code, 2);
    EXPECT_EQ(cli("quantize " + kDemo + "glyphs.onnx --preset int8-weights -o " + at("none/no.onnx")).code, 3);
    std::ofstream(folder / "bad.json") << R"({"version": 1, "defaults": {"weights": {"bits": 99}}})";
    EXPECT_EQ(cli("quantize " + kDemo + "glyphs.onnx --recipe " + at("bad.json") + " -o " + at("no.onnx")).code, 4);
    EXPECT_FALSE(fs::exists(folder / "no.onnx"));
}

TEST_F(Cli, TheSourceIsNeverOverwritten) {
    fs::copy_file(kDemo + "glyphs.onnx", folder / "m.onnx");
    const std::string before = contents(at("m.onnx"));
    EXPECT_EQ(cli("quantize " + at("m.onnx") + " --preset int8-weights -o " + at("m.onnx")).code, 2);
    EXPECT_EQ(contents(at("m.onnx")), before);
}

TEST_F(Cli, RunWritesTheOutputsByName) {
    const Json inspected = Json::parse(cli("inspect " + kDemo + "glyphs.onnx --json").out);
    const Json& input = inspected.at("inputs").at(0);
    std::vector<std::int64_t> dims;
    for (const Json& extent : input.at("shape")) dims.push_back(extent.is_number() ? extent.get<std::int64_t>() : 1);
    const Shape shape(dims);
    writeNpy(at("x.npy"), Tensor::of<float>(shape, std::vector<float>(static_cast<std::size_t>(shape.count()), 0.25f)));
    const std::string name = input.at("name");
    ASSERT_EQ(cli("run " + kDemo + "glyphs.onnx --input " + name + "=" + at("x.npy") + " --output " + at("y.npz")).code, 0);
    const auto outputs = readNpz(at("y.npz"));
    ASSERT_EQ(outputs.size(), 1u);
    EXPECT_EQ(outputs[0].first, inspected.at("outputs").at(0).at("name"));
    EXPECT_EQ(cli("run " + kDemo + "glyphs.onnx --input wrong=" + at("x.npy") + " --output " + at("y.npz")).code, 2);
}

TEST_F(Cli, BenchNamesAKernelAndATimePerLayer) {
    const Json document = Json::parse(cli("bench " + kDemo + "glyphs.onnx --repeat 3 --json").out);
    for (const char* key : {"engine", "threads", "batch", "medianMs", "layers"}) EXPECT_TRUE(document.contains(key)) << key;
    for (const Json& layer : document.at("layers")) EXPECT_FALSE(layer.at("kernel").get<std::string>().empty());
}

TEST_F(Cli, CompareFindsAModelEqualToItself) {
    const Json document = Json::parse(cli("compare " + kDemo + "glyphs.onnx " + kDemo + "glyphs.onnx --json").out);
    for (const Json& layer : document.at("layers")) EXPECT_TRUE(layer.at("exact").get<bool>()) << layer;
}

}  // namespace
}  // namespace bitlathe
