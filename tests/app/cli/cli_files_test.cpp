// What bitlathe-cli writes, and what it must never write.
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "tests/app/cli/cli_rig.h"

namespace bitlathe {
namespace {

class CliFiles : public Cli {};

TEST_F(CliFiles, TheSameBytesForEveryThreadCountAndInstructionSet) {
    write("mixed.json", R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 4, "granularity": {"group": 32}, "symmetric": false}},
        "rules": [{"match": {"kind": "Conv"}, "weights": {"bits": 5, "range": {"leastError": 2.4}}, "activations": {"range": {"percentile": 99.9}}},
                  {"match": {"place": "first"}, "weights": {"bits": 8}, "activations": {"range": {"leastError": 2}}}]})");
    for (const std::string& how : {std::string("--preset int8"), std::string("--preset int8-entropy"), std::string("--preset mixed-safe"), std::string("--preset int3-g64"), "--recipe " + at("mixed.json")}) {
        const std::string common = "quantize " + kModel + " " + how + " --calibration " + kCalibration + " --calibration-samples 40 --quiet ";
        ASSERT_EQ(cli(common + "--threads 1 -o " + at("first.onnx")).code, 0) << how;
        const std::string first = contents(at("first.onnx"));
        ASSERT_FALSE(first.empty());
        for (const std::string other : {"--threads 3", "--isa reference", "--isa avx2 --threads 2", "--isa avx512vnni --threads 1"}) {
            ASSERT_EQ(cli(common + other + " -o " + at("other.onnx")).code, 0) << how << other;
            EXPECT_TRUE(contents(at("other.onnx")) == first) << how << " differs with " << other;
        }
    }
}

TEST_F(CliFiles, RunGivesTheSameBitsForEveryThreadCount) {
    std::vector<float> values(3 * 32 * 32);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(static_cast<int>(i * 7919 % 200) - 100) / 50.0f;
    writeNpy(at("x.npy"), Tensor::of<float>(Shape{3, 1, 32, 32}, values));
    const std::string common = "run " + kModel + " --input image=" + at("x.npy") + " --preset int8 --calibration " + kCalibration + " --calibration-samples 16 ";
    for (const std::string engine : {"float", "simulated", "integer"}) {
        ASSERT_EQ(cli(common + "--engine " + engine + " --threads 1 --output " + at("one.npz")).code, 0);
        ASSERT_EQ(cli(common + "--engine " + engine + " --threads 3 --output " + at("three.npz")).code, 0);
        EXPECT_TRUE(contents(at("one.npz")) == contents(at("three.npz"))) << engine;
    }
    ASSERT_EQ(cli(common + "--engine integer --isa reference --output " + at("plain.npz")).code, 0);
    EXPECT_EQ(readNpz(at("plain.npz")), readNpz(at("three.npz")));
}

TEST_F(CliFiles, AnExportedFileRunsAsItStandsAndInIntegers) {
    const Answer made = cli("quantize " + kModel + " --preset int8 --calibration " + kCalibration + " --json -o " + at("q.onnx"));
    ASSERT_EQ(made.code, 0) << made.err;
    const Json summary = Json::parse(made.out);
    EXPECT_EQ(summary.at("output"), at("q.onnx"));
    EXPECT_EQ(summary.at("fileBytes").get<std::uintmax_t>(), fs::file_size(at("q.onnx")));
    EXPECT_NEAR(summary.at("bitsPerWeight").get<double>(), 8.1, 0.1);
    EXPECT_LT(fs::file_size(at("q.onnx")), fs::file_size(kModel) / 3);
    const std::string data = " --data " + kTest + " --samples 100 --no-layers --json";
    const Json literal = Json::parse(cli("evaluate " + at("q.onnx") + data).out), integer = Json::parse(cli("evaluate " + at("q.onnx") + data + " --engine integer").out);
    const Json recipe = Json::parse(cli("evaluate " + kModel + data + " --engine integer --preset int8 --calibration " + kCalibration).out);
    EXPECT_GT(literal.at("top1").get<double>(), 0.9);
    EXPECT_NEAR(literal.at("top1").get<double>(), integer.at("top1").get<double>(), 0.021);
    EXPECT_EQ(integer.at("top1"), recipe.at("top1"));
    const Json written = Json::parse(cli("inspect " + at("q.onnx") + " --json").out);
    for (const Json& layer : written.at("layers")) EXPECT_NE(layer.at("storedAs"), "float32") << layer;
}

TEST_F(CliFiles, ADryRunWritesNothingAndSaysTheSame) {
    const std::string common = "quantize " + kModel + " --preset int4-g128 --json ";
    const Json dry = Json::parse(cli(common + "--dry-run").out);
    EXPECT_TRUE(files().empty());
    const Json wet = Json::parse(cli(common + "-o " + at("q.onnx")).out);
    EXPECT_EQ(dry.at("layers"), wet.at("layers"));
    EXPECT_EQ(dry.at("bytesAfter"), wet.at("bytesAfter"));
    EXPECT_EQ(files(), std::vector<std::string>{"q.onnx"});
    EXPECT_EQ(cli(common + "--dry-run -o " + kModel).code, 0) << "nothing is written, so nothing is overwritten";
}

TEST_F(CliFiles, APlaceThatCannotBeWrittenIsExitCode3AndLeavesNothing) {
    fs::create_directories(folder / "taken");
    for (const std::string& place : {at("none/q.onnx"), at("taken"), std::string("/proc/q.onnx")}) {
        expectRefusal(cli("quantize " + kModel + " --preset int8-weights -o " + place), 3, place);
        EXPECT_EQ(files(), std::vector<std::string>{"taken"}) << place;
    }
    EXPECT_TRUE(fs::is_empty(folder / "taken"));
}

TEST_F(CliFiles, AFailureKeepsTheOldFile) {
    write("q.onnx", "what was here before");
    write("bad.json", R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 99}}})");
    EXPECT_EQ(cli("quantize " + kModel + " --recipe " + at("bad.json") + " -o " + at("q.onnx")).code, 4);
    EXPECT_EQ(cli("quantize " + kModel + " --preset int8 -o " + at("q.onnx")).code, 2);
    EXPECT_EQ(contents(at("q.onnx")), "what was here before");
    EXPECT_EQ(cli("quantize " + kModel + " --preset int8-weights -o " + at("q.onnx")).code, 0);
    EXPECT_GT(fs::file_size(at("q.onnx")), 1000u);
    EXPECT_EQ(files(), (std::vector<std::string>{"bad.json", "q.onnx"}));
}

// Nothing that a result is made from is replaced by it: not the model, nor its weights beside it, data, recipe or inputs.
TEST_F(CliFiles, SourcesAreNeverOverwritten) {
    fs::copy_file(kModel, folder / "m.onnx");
    fs::copy_file(kCalibration, folder / "c.npz");
    fs::create_symlink(folder / "m.onnx", folder / "link.onnx");
    fs::create_hard_link(folder / "c.npz", folder / "hard.npz");
    write("r.json", R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 8}, "activations": {}}})");
    write("p.json", R"({"scale": 0.004})");
    writeNpy(at("x.npy"), Tensor::of<float>(Shape{1, 1, 32, 32}, std::vector<float>(1024, 0.25f)));
    std::map<std::string, std::string> before;
    for (const std::string& name : files()) before[name] = contents(folder / name);
    const std::string options = " --recipe " + at("r.json") + " --preprocess " + at("p.json") + " --calibration " + at("c.npz") + ":images --calibration-samples 8 ";
    for (const std::string name : {"m.onnx", "link.onnx", "c.npz", "hard.npz", "r.json", "p.json"}) {
        expectRefusal(cli("quantize " + at("m.onnx") + options + "-o " + at(name)), 2, "never overwritten");
        expectRefusal(cli("run " + at("m.onnx") + options + "--input image=" + at("x.npy") + " --output " + at(name)), 2, "never overwritten");
    }
    expectRefusal(cli("run " + at("m.onnx") + " --input image=" + at("x.npy") + " --output " + at("x.npy")), 2, "never overwritten");
    for (const auto& [name, text] : before) EXPECT_TRUE(contents(folder / name) == text) << name;
    EXPECT_EQ(files().size(), before.size());
}

TEST_F(CliFiles, AFolderOfPicturesIsNotOverwrittenEither) {
    fs::create_directories(folder / "pictures");
    write("pictures/labels.csv", "a.png,1\n");
    expectRefusal(cli("quantize " + kModel + " --preset int8 --calibration " + at("pictures") + " -o " + at("pictures/labels.csv")), 2, "never overwritten");
    EXPECT_EQ(contents(at("pictures/labels.csv")), "a.png,1\n");
}

TEST_F(CliFiles, RunWritesTheOutputsByNameAndChecksTheInputs) {
    writeNpy(at("x.npy"), Tensor::of<float>(Shape{2, 1, 32, 32}, std::vector<float>(2048, 0.25f)));
    writeNpy(at("small.npy"), Tensor::of<float>(Shape{2, 1, 8, 9}, std::vector<float>(144, 0.25f)));
    writeNpy(at("flat.npy"), Tensor::of<float>(Shape{2048}, std::vector<float>(2048, 0.25f)));
    const std::string common = "run " + kModel + " --output " + at("y.npz") + " --input ";
    ASSERT_EQ(cli(common + "image=" + at("x.npy")).code, 0);
    const auto outputs = readNpz(at("y.npz"));
    ASSERT_EQ(outputs.size(), 1u);
    EXPECT_EQ(outputs[0].first, "logits");
    EXPECT_EQ(outputs[0].second.shape(), (Shape{2, 45}));
    fs::remove(at("y.npz"));
    expectRefusal(cli(common + "wrong=" + at("x.npy")), 2, "image");
    expectRefusal(cli(common + "image=" + at("flat.npy")), 3, "image");
    expectRefusal(cli(common + "image=" + at("small.npy")), 3, "image");
    expectRefusal(cli(common + "image=" + at("none.npy")), 3, "none.npy");
    expectRefusal(cli(common + "image=" + kTest), 3, "NumPy");
    EXPECT_FALSE(fs::exists(at("y.npz")));
}

TEST_F(Cli, AnEvaluationShowsTheSamplesThatCalibratedBesideThoseHeldOut) {
    const std::string common = "evaluate " + kModel + " --data " + kTest + " --preset int8 --no-layers ";
    const Answer answer = cli(common + "--json --calibration-samples 300 --split-seed 7");
    ASSERT_EQ(answer.code, 0) << answer.err;
    EXPECT_NE(answer.err.find("only the others are measured"), std::string::npos) << answer.err;
    const Json document = Json::parse(answer.out);
    EXPECT_EQ(document.at("samples"), 1680);
    EXPECT_EQ(document.at("calibration").at("samples"), 300);
    EXPECT_EQ(document.at("split").at("sameData"), true);
    EXPECT_EQ(document.at("split").at("seed"), 7);
    for (const char* figure : {"agreement", "outputSqnrDb", "top1Loss"}) EXPECT_GT(document.at("gap").at(figure).at("chance").get<double>(), 0) << figure;
    EXPECT_NEAR(document.at("gap").at("agreement").at("gap").get<double>(), document.at("calibration").at("agreement").get<double>() - document.at("agreement").get<double>(), 1e-12);
    const std::string text = cli(common).out;
    for (const char* heading : {"Held out", "Calibration", "Gap ± chance", "output SQNR"}) EXPECT_NE(text.find(heading), std::string::npos) << text;

    // Data of its own is measured whole; weights alone calibrate on nothing.
    const Json apart = Json::parse(cli(common + "--json --calibration " + kCalibration).out);
    EXPECT_EQ(apart.at("samples"), 1980);
    EXPECT_EQ(apart.at("split").at("sameData"), false);
    EXPECT_FALSE(Json::parse(cli("evaluate " + kModel + " --data " + kTest + " --preset int8-weights --no-layers --json").out).contains("calibration"));
    EXPECT_FALSE(Json::parse(cli(common + "--json --held-out-only").out).contains("calibration"));
}

TEST_F(Cli, RangesFromTooFewSamplesAreSeenToOverfit) {
    const std::string common = "evaluate " + kModel + " --data " + kTest + " --preset int8 --no-layers --samples 500 ";
    const Answer few = cli(common + "--calibration-samples 4 --fail-if 'overfits>0'");
    EXPECT_EQ(few.code, 5) << few.out << few.err;
    EXPECT_NE(few.out.find("Worse on the 500 samples that were held out"), std::string::npos) << few.out;
    EXPECT_EQ(cli(common + "--calibration-samples 400 --fail-if 'overfits>0'").code, 0);
}

TEST_F(Cli, QuantizeLearnsFromTheSamplesThatEvaluateHeldOut) {
    const std::string part = " --preset int8 --calibration " + kTest + " --quiet ";
    ASSERT_EQ(cli("quantize " + kModel + part + "--split -o " + at("split.onnx")).code, 0);
    ASSERT_EQ(cli("quantize " + kModel + part + "--calibration-samples 396 -o " + at("same.onnx")).code, 0);  // a fifth of 1980
    ASSERT_EQ(cli("quantize " + kModel + part + "--split --split-seed 2 -o " + at("other.onnx")).code, 0);
    EXPECT_EQ(contents(at("split.onnx")), contents(at("same.onnx")));
    EXPECT_NE(contents(at("split.onnx")), contents(at("other.onnx")));
}

TEST_F(Cli, ARangeRuleThatAFormatDoesNotTakeIsSaidToChangeNothing) {
    const std::string common = "evaluate " + kModel + " --data " + kTest + " --samples 4 --no-layers --range percentile:99 --codec ";
    EXPECT_NE(cli(common + "q8_0").err.find("--range changes nothing"), std::string::npos);
    EXPECT_EQ(cli(common + "int").err.find("changes nothing"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
