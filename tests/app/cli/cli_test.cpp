// The contract of bitlathe-cli: exit codes, one JSON document on standard output, what the commands measure.
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "tests/app/cli/cli_rig.h"

namespace bitlathe {
namespace {

TEST_F(Cli, WrongUsageIsExitCode2) {
    for (const std::string bad : {"", "nonsense", "inspect", "list nothing", "evaluate x.onnx", "bench x.onnx --engine fast", "inspect x --threads -1", "bench x --repeat 0", "compare x"}) {
        const Answer answer = cli(bad);
        EXPECT_EQ(answer.code, 2) << bad;
        EXPECT_EQ(answer.out, "") << bad;
    }
    expectRefusal(cli("inspect " + kModel + " --isa sse2"), 2, "avx512vnni");
    expectRefusal(cli("quantize " + kModel + " -o " + at("x.onnx")), 2, "--preset");
    expectRefusal(cli("quantize " + kModel + " --preset int8-weights"), 2, "--dry-run");
    expectRefusal(cli("quantize " + kModel + " --preset int8-weights --target nobody -o " + at("x.onnx")), 2, "onnxruntime");
    expectRefusal(cli("quantize " + kModel + " --preset nothing -o " + at("x.onnx")), 2, "int8-weights");
    expectRefusal(cli("quantize " + kModel + " -o " + at("q.onnx") + " --preset int8"), 2, "--calibration");
    expectRefusal(cli("evaluate " + kModel + " --data " + kTest + " --fail-if 'speed>1'"), 2, "top1_drop");
    EXPECT_TRUE(files().empty());
}

TEST_F(Cli, TablesRangesAndKneesChangeEveryQuantizedWeight) {
    write("levels.txt", "# mine\n-1 -0.5\n-0.2,0;0.2 0.5 1\n");
    write("twice.txt", "1 1");
    write("word.txt", "1\ntwo");
    const Answer table = cli("quantize " + kModel + " --table " + at("levels.txt") + " --dry-run --json");
    ASSERT_EQ(table.code, 0) << table.err;
    const Answer soft = cli("quantize " + kModel + " --preset int4-channel --range adaptive:cosine --knee 0.25 --dry-run --json");
    ASSERT_EQ(soft.code, 0) << soft.err;
    const Json tabled = Json::parse(table.out), softened = Json::parse(soft.out);  // they outlive the loops over them
    for (const auto& layer : tabled["layers"]) EXPECT_EQ(layer["asked"], "table3 channel");
    for (const auto& layer : softened["layers"]) EXPECT_EQ(layer["asked"], "int4 channel, knee 0.25");
    expectRefusal(cli("quantize " + kModel + " --table " + at("twice.txt") + " --dry-run"), 2, "twice");
    expectRefusal(cli("quantize " + kModel + " --table " + at("word.txt") + " --dry-run"), 4, "line 2");
    for (const std::string bad : {"best", "percentile:40", "aciq:bell", "manual:1", "adaptive:psnr", "{\"minmax\":1}"})
        expectRefusal(cli("quantize " + kModel + " --range '" + bad + "' --dry-run"), 2, "aciq:laplace");
    expectRefusal(cli("quantize " + kModel + " --range percentile:150 --dry-run"), 2, "percentile takes above 50 to 100");
    EXPECT_EQ(cli("quantize " + kModel + " --knee 2 --dry-run").code, 2);
}

TEST_F(Cli, HelpAndVersionGoToStandardOutput) {
    for (const std::string ask : {"--help", "--version", "quantize --help"}) {
        const Answer answer = cli(ask);
        EXPECT_EQ(answer.code, 0);
        EXPECT_NE(answer.out, "");
        EXPECT_EQ(answer.err, "");
    }
}

TEST_F(Cli, ANameThatTheSystemRefusesIsExitCode3AndNotACrash) {
    const std::string name(300, 'a');
    for (const std::string& arguments : {"evaluate " + kModel + " --data " + name, "inspect " + name}) {
        const Answer answer = cli(arguments);
        EXPECT_EQ(answer.code, 3) << arguments;
        EXPECT_EQ(std::count(answer.err.begin(), answer.err.end(), '\n'), 1) << answer.err;
    }
}

TEST_F(Cli, InputThatCannotBeReadIsExitCode3AndOneSentence) {
    write("broken.onnx", "this is no model");
    write("empty.onnx", "");
    write("cut.onnx", contents(kModel).substr(0, 5000));
    write("cut.npz", contents(kTest).substr(0, 5000));
    for (const char* name : {"missing.onnx", "broken.onnx", "empty.onnx", "cut.onnx"}) {
        expectRefusal(cli("inspect " + at(name)), 3, at(name));
        expectRefusal(cli("compare " + kModel + " " + at(name) + " --json"), 3, at(name));
    }
    expectRefusal(cli("inspect " + folder.string()), 3, folder.string());
    for (const char* name : {"missing.npz", "cut.npz", "broken.onnx"}) {
        expectRefusal(cli("evaluate " + kModel + " --data " + at(name)), 3, at(name));
        expectRefusal(cli("quantize " + kModel + " --preset int8 --calibration " + at(name) + " -o " + at("x.onnx")), 3, at(name));
    }
    expectRefusal(cli("evaluate " + kModel + " --data " + kTest + ":nothing"), 3, "images 1980");
    expectRefusal(cli("quantize " + kModel + " --recipe " + at("none.json") + " -o " + at("x.onnx")), 3, "none.json");
    EXPECT_FALSE(fs::exists(folder / "x.onnx"));
}

TEST_F(Cli, ARecipeThatIsImpossibleIsExitCode4) {
    const auto refused = [&](const std::string& recipe, const std::string& says) {
        write("r.json", recipe);
        expectRefusal(cli("quantize " + kModel + " --recipe " + at("r.json") + " -o " + at("x.onnx")), 4, says);
        expectRefusal(cli("evaluate " + kModel + " --data " + kTest + " --recipe " + at("r.json")), 4, says);
    };
    refused("{bad", "not valid JSON");
    refused(R"({"version": 1})", "format");
    refused(R"({"format": "bitlathe recipe", "version": 2})", "version");
    refused(R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 99}}})", "bits");
    refused(R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": {"bits": 8, "codec": "nothing"}}})", "nothing");
    refused(R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weight": {}}})", "weight");
    EXPECT_FALSE(fs::exists(folder / "x.onnx"));
}

TEST_F(Cli, AModelThatCannotRunStillOpensAndIsRefusedByTheOperatorsName) {
    // Relu becomes an operator that does not exist.
    std::string bytes = contents(kModel);
    for (std::size_t place = 0; (place = bytes.find("\"\x04Relu", place)) != std::string::npos;) bytes.replace(place + 2, 4, "Rulu");
    write("odd.onnx", bytes);
    const Json document = Json::parse(cli("inspect " + at("odd.onnx") + " --json").out);
    ASSERT_EQ(document.at("missingOperators").size(), 1u) << "the file's nodes have another layout than this test thinks";
    EXPECT_NE(document.at("missingOperators")[0].get<std::string>().find("Rulu"), std::string::npos);
    EXPECT_GT(document.at("layers").size(), 3u);
    EXPECT_EQ(cli("quantize " + at("odd.onnx") + " --preset int8-weights -o " + at("q.onnx")).code, 0);
    expectRefusal(cli("evaluate " + at("odd.onnx") + " --data " + kTest), 4, "Rulu");
}

TEST_F(Cli, AStoppedRunIsExitCode6AndLeavesNothing) {
    // The plain kernels need many seconds for this; the signal comes when the program has surely begun.
    for (const std::string signal : {"INT", "TERM"}) {
        const Answer answer = shell("exec timeout --preserve-status -s " + signal + " 1.5 " + BITLATHE_CLI + " evaluate " + kModel + " --data " + kTest +
                                    " --preset int8-entropy --calibration " + kCalibration + " --threads 1 --isa reference");
        EXPECT_EQ(answer.code, 6) << answer.err;
        EXPECT_EQ(answer.out, "");
    }
    const Answer answer = shell("exec timeout --preserve-status -s INT 1.5 " + std::string(BITLATHE_CLI) + " quantize " + kModel + " --preset int8-entropy --calibration " +
                                kCalibration + " --threads 1 --isa reference -o " + at("q.onnx"));
    EXPECT_EQ(answer.code, 6) << answer.err;
    EXPECT_TRUE(files().empty());
}

TEST_F(Cli, StandardOutputThatCannotBeWrittenIsExitCode3) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
    const Answer answer = cli("inspect " + kModel + " --json > /dev/full");
    EXPECT_EQ(answer.code, 3);
    EXPECT_NE(answer.err, "");
}

TEST_F(Cli, ListsEveryKindAsTextAndAsJson) {
    for (const std::string kind : {"codecs", "formats", "presets", "targets", "kernels", "operators"}) {
        const Answer answer = cli("list " + kind + " --json");
        ASSERT_EQ(answer.code, 0) << kind << answer.err;
        const Json rows = Json::parse(answer.out);
        ASSERT_FALSE(rows.empty()) << kind;
        const std::string text = cli("list " + kind).out;
        for (const Json& row : rows) {
            EXPECT_TRUE(row.contains("name") && row.contains("label")) << kind;
            EXPECT_NE(text.find(row.at("name").get<std::string>()), std::string::npos) << row;
        }
    }
    const std::string presets = cli("list presets").out;
    for (const char* promised : {"int8", "int8-weights", "int4-g128", "int4-channel", "mixed-safe"}) EXPECT_NE(presets.find(promised), std::string::npos);
}

TEST_F(Cli, InspectSaysWhatTheContractPromises) {
    const Answer answer = cli("inspect " + kModel + " --json");
    ASSERT_EQ(answer.code, 0) << answer.err;
    EXPECT_EQ(answer.err, "");
    const Json document = Json::parse(answer.out);
    EXPECT_EQ(document.at("format"), "onnx");
    EXPECT_EQ(document.at("inputs"), Json::parse(R"([{"name": "image", "type": "float32", "shape": ["N", 1, 32, 32]}])"));
    EXPECT_EQ(document.at("outputs"), Json::parse(R"([{"name": "logits", "type": "float32", "shape": ["N", 45]}])"));
    ASSERT_EQ(document.at("layers").size(), 16u);
    std::int64_t parameters = 0;
    for (const Json& layer : document.at("layers")) {
        for (const char* key : {"name", "kind", "shape", "parameters", "bytes", "runnable", "note", "op", "storedAs", "quantizable"}) EXPECT_TRUE(layer.contains(key)) << key;
        EXPECT_EQ(layer.at("bytes").get<std::int64_t>(), 4 * layer.at("parameters").get<std::int64_t>());
        EXPECT_TRUE(layer.at("runnable").get<bool>());
        parameters += layer.at("parameters").get<std::int64_t>();
    }
    EXPECT_GT(parameters, 307192);  // the weights, and biases with batch norms folded in
}

TEST_F(Cli, InspectExplainsEveryFormatOnAWeightOfTheLayer) {
    const std::string ask = "inspect " + kModel + " --layer stage2.block0.conv2";
    for (const Json& row : Json::parse(cli("list codecs --json").out)) {
        const std::string name = row.at("name");
        if (name == "table") continue;  // has no levels unless a recipe gives them
        const Answer answer = cli(ask + " --json --format " + name);
        ASSERT_EQ(answer.code, 0) << name << answer.err;
        const Json document = Json::parse(answer.out);
        EXPECT_EQ(document.at("format"), name);
        EXPECT_EQ(document.at("lines").size(), 5u);
    }
    EXPECT_EQ(Json::parse(cli(ask + " --json --weight 7 --preset int8").out).at("index"), 7);
    EXPECT_NE(cli(ask + " --bits 3").out.find("int3"), std::string::npos);
    expectRefusal(cli("inspect " + kModel + " --layer nothing"), 2, "no layer 'nothing'");
    expectRefusal(cli(ask + " --format nothing"), 2, "list codecs");
    expectRefusal(cli(ask + " --format table"), 2, "table");
    expectRefusal(cli(ask + " --weight 99999999"), 2, "beyond");
    EXPECT_EQ(cli("inspect " + kModel + " --format nf4").code, 2);
}

TEST_F(Cli, InspectMeasuresWhatARecipeDoesToEachLayer) {
    const Json document = Json::parse(cli("inspect " + kModel + " --preset int4-channel --json").out);
    int measured = 0;
    for (const Json& layer : document.at("layers")) {
        if (!layer.contains("quantized")) continue;
        ++measured;
        const Json& figures = layer.at("quantized");
        EXPECT_GT(figures.at("sqnrDb").get<double>(), 5.0);
        EXPECT_GT(figures.at("klDivergence").get<double>(), 0.0);
        EXPECT_LE(figures.at("entropyBitsPerCode").get<double>(), 4.0);
        EXPECT_GT(figures.at("huffmanBytes").get<std::int64_t>(), 0);
    }
    EXPECT_GT(measured, 5);
    const std::string text = cli("inspect " + kModel + " --preset int4-channel").out;
    for (const char* heading : {"Huffman", "SQNR dB", "KL nats"}) EXPECT_NE(text.find(heading), std::string::npos) << heading;
    EXPECT_EQ(cli("inspect " + kModel + " --preset none").code, 2);
}

TEST_F(Cli, DuelPutsFormatsSideBySideAndMarksTheFront) {
    const Answer answer = cli("duel " + kModel + " --layer 'stage1.*' --formats 'int8 channel,int4 group 32,uint4 channel,q4_0' --json");
    EXPECT_EQ(answer.code, 0) << answer.err;
    const Json document = Json::parse(answer.out);
    EXPECT_GT(document["layers"].size(), 2u);
    ASSERT_EQ(document["formats"].size(), 4u);
    double bytes = 0;
    for (const Json& row : document["formats"]) {
        EXPECT_GE(row["bytes"].get<double>(), bytes) << "sorted by size";
        bytes = row["bytes"].get<double>();
        EXPECT_TRUE(row["exact"].get<bool>());
        EXPECT_NEAR(row["bitsPerWeight"].get<double>(), 8 * bytes / document["weights"].get<double>(), 1e-9);
    }
    EXPECT_EQ(document["formats"][3]["format"], "int8 channel");
    EXPECT_TRUE(document["formats"][3]["front"].get<bool>()) << "nothing is as good";
    EXPECT_TRUE(document["formats"][0]["front"].get<bool>()) << "nothing is as small";
    EXPECT_EQ(cli("duel " + kModel + " --layer 'stage1.*' --formats 'int8 channel,int4 group 32,uint4 channel,q4_0' --json --threads 1 --sort given").code, 0);
    const Answer text = cli("duel " + kModel + " --layer classifier --preset int4-g128");
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_NE(text.out.find("int4 group 128"), std::string::npos);
    EXPECT_NE(text.out.find("KiB"), std::string::npos);
    expectRefusal(cli("duel " + kModel + " --layer nobody"), 2, "nobody");
    expectRefusal(cli("duel " + kModel + " --layer classifier --formats int99"), 2, "int4 group 128");
    EXPECT_EQ(cli("duel " + kModel + " --layer classifier --formats 'log2,kmeans,log2 4 channel'").code, 0);
}

TEST_F(Cli, EvaluateMeasuresTheDemoAndItsGateFails) {
    const std::string common = "evaluate " + kModel + " --data " + kTest + " --samples 200 --json ";
    const Json document = Json::parse(cli(common).out);
    EXPECT_EQ(document.at("engine"), "float");
    EXPECT_EQ(document.at("samples"), 200);
    EXPECT_GT(document.at("top1").get<double>(), 0.93);
    EXPECT_GE(document.at("top5").get<double>(), document.at("top1").get<double>());
    EXPECT_EQ(document.at("agreement"), 1.0);
    EXPECT_EQ(document.at("layers").size(), 16u);
    for (const Json& layer : document.at("layers"))
        for (const char* key : {"name", "sqnrDb", "carriedSqnrDb"}) EXPECT_TRUE(layer.contains(key)) << key;
    EXPECT_EQ(cli(common + "--fail-if 'top1<0.1'").code, 0);
    EXPECT_EQ(cli(common + "--fail-if 'top1<0.1' --fail-if 'top1 >= 0.1'").code, 5);
    const Answer failed = cli(common + "--fail-if 'top1>0.1'");
    EXPECT_EQ(failed.code, 5);
    EXPECT_EQ(Json::parse(failed.out).at("samples"), 200) << "a failed gate still reports";
}

TEST_F(Cli, DataWithoutLabelsHasNoTopOne) {
    for (const auto& [name, images] : readNpz(kTest))
        if (name == "images") writeNpy(at("images.npy"), images);
    const std::string bare = "evaluate " + kModel + " --data " + at("images.npy") + " --samples 16 --preset int8-weights ";
    const Json without = Json::parse(cli(bare + "--json").out);
    EXPECT_TRUE(without.at("top1").is_null());
    EXPECT_TRUE(without.at("top5").is_null());
    EXPECT_GT(without.at("agreement").get<double>(), 0.9);
    expectRefusal(cli(bare + "--fail-if 'top1<0.5'"), 2, "labels");
}

TEST_F(Cli, TheThreeEnginesTellTheSameStory) {
    const std::string common = "evaluate " + kModel + " --data " + kTest + " --samples 400 --no-layers --json --preset int8 --calibration " + kCalibration + " --engine ";
    const Json whole = Json::parse(cli(common + "float").out), simulated = Json::parse(cli(common + "simulated").out), integer = Json::parse(cli(common + "integer").out);
    EXPECT_EQ(whole.at("engine"), "float");
    EXPECT_EQ(integer.at("engine"), "integer");
    EXPECT_EQ(integer.at("floatTop1"), whole.at("top1"));
    EXPECT_NEAR(integer.at("top1").get<double>(), whole.at("top1").get<double>(), 0.01);
    EXPECT_NEAR(integer.at("top1").get<double>(), simulated.at("top1").get<double>(), 0.0051);
    EXPECT_GT(integer.at("agreement").get<double>(), 0.98);
}

TEST_F(Cli, IntegerOnAFloatModelSaysThatItRunsInFloat) {
    const Answer answer = cli("evaluate " + kModel + " --data " + kTest + " --samples 8 --no-layers --engine integer");
    EXPECT_EQ(answer.code, 0);
    EXPECT_NE(answer.err.find("runs in float"), std::string::npos);
    EXPECT_EQ(cli("evaluate " + kModel + " --data " + kTest + " --samples 8 --no-layers --engine integer --quiet").err, "");
}

TEST_F(Cli, BenchNamesAKernelAndATimePerLayer) {
    const Json document = Json::parse(cli("bench " + kModel + " --repeat 3 --batch 2 --threads 1 --json").out);
    EXPECT_EQ(document.at("engine"), "float");
    EXPECT_EQ(document.at("threads"), 1);
    EXPECT_EQ(document.at("batch"), 2);
    EXPECT_EQ(document.at("repeats"), 3);
    EXPECT_GT(document.at("medianMs").get<double>(), 0.0);
    for (const Json& layer : document.at("layers")) {
        EXPECT_FALSE(layer.at("kernel").get<std::string>().empty());
        for (const char* key : {"name", "medianMs", "gops", "op", "integer", "reason"}) EXPECT_TRUE(layer.contains(key)) << key;
    }
    const Json integer = Json::parse(cli("bench " + kModel + " --repeat 3 --preset int8 --calibration " + kCalibration + " --json").out);
    EXPECT_EQ(integer.at("engine"), "integer");
    int products = 0;
    for (const Json& layer : integer.at("layers"))
        if (layer.at("op") == "com.microsoft.QLinearConv" || layer.at("op") == "com.microsoft.QGemm") products += layer.at("integer").get<bool>();
    EXPECT_EQ(products, 16);
}

TEST_F(Cli, CompareFindsAModelEqualToItselfAndAQuantizedOneClose) {
    const Json itself = Json::parse(cli("compare " + kModel + " " + kModel + " --json").out);
    for (const Json& layer : itself.at("layers")) EXPECT_TRUE(layer.at("exact").get<bool>()) << layer;
    ASSERT_EQ(cli("quantize " + kModel + " --preset int8-weights -o " + at("q.onnx")).code, 0);
    const Json document = Json::parse(cli("compare " + kModel + " " + at("q.onnx") + " --data " + kTest + " --json").out);
    ASSERT_EQ(document.at("layers").size(), 16u);
    for (const Json& layer : document.at("layers")) EXPECT_FALSE(layer.at("exact").get<bool>()) << layer;
    EXPECT_GT(document.at("outputs").at("agreement").get<double>(), 0.98);
    EXPECT_GT(document.at("outputs").at("sqnrDb").get<double>(), 30.0);
}

}  // namespace
}  // namespace bitlathe
