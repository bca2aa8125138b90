// Language models on the command line, with the one that ships.
#include "tests/app/cli/cli_rig.h"

#include <cmath>

namespace bitlathe {
namespace {

class CliText : public Cli {
protected:
    void SetUp() override {
        Cli::SetUp();
        for (const auto& entry : fs::directory_iterator(kDemo))
            if (entry.path().extension() == ".gguf" && (model.empty() || fs::file_size(entry.path()) < fs::file_size(model))) model = entry.path().string();
        if (model.empty()) GTEST_SKIP() << "no language model in " << kDemo;
        text = (folder / "tale.txt").string();
        std::ofstream out(text);
        for (int i = 0; i < 24; ++i) out << "Once upon a time there was a little fox. The fox lived in the forest and was happy. One day the fox met a bear.\n";
    }
    std::string model, text;
};

TEST_F(CliText, TokenizesAndGivesTheTextBack) {
    const Answer answer = cli("tokenize " + model + " 'Once upon a time, wörld' --json");
    ASSERT_EQ(answer.code, 0) << answer.err;
    const Json json = Json::parse(answer.out);
    EXPECT_EQ(json.at("text"), "Once upon a time, wörld");
    EXPECT_EQ(json.at("tokens").size(), json.at("pieces").size());
    EXPECT_GT(json.at("tokens").size(), 4u);
    for (const Json& token : json.at("tokens")) EXPECT_LT(token.get<int>(), json.at("vocabulary").get<int>());
    EXPECT_EQ(cli("tokenize " + kModel + " text").code, 3) << "a network without words has no tokenizer";
}

TEST_F(CliText, MeasuresPerplexityAndDivergence) {
    const Answer answer = cli("evaluate " + model + " --data " + text + " --codec q4_0 --metric perplexity,kld --context 128 --json --quiet");
    ASSERT_EQ(answer.code, 0) << answer.err;
    const Json json = Json::parse(answer.out);
    const double perplexity = json.at("perplexity").at("value"), reference = json.at("referencePerplexity").at("value");
    EXPECT_GT(reference, 1.0);
    EXPECT_NEAR(json.at("perplexityRatio").at("value").get<double>(), perplexity / reference, 1e-9);
    EXPECT_GT(json.at("kld").at("mean").get<double>(), 0.0);
    EXPECT_LE(json.at("kld").at("median").get<double>(), json.at("kld").at("p99").get<double>());
    EXPECT_GT(json.at("agreement").at("value").get<double>(), 0.3);
    EXPECT_EQ(json.at("tokensPredicted").get<int>(), json.at("windows").get<int>() * 63);
}

TEST_F(CliText, AGateOnDivergenceFails) {
    EXPECT_EQ(cli("evaluate " + model + " --data " + text + " --codec q4_0 --context 128 --chunks 1 --fail-if 'kld_mean>0' --quiet").code, 5);
    EXPECT_EQ(cli("evaluate " + model + " --data " + text + " --context 128 --chunks 1 --fail-if 'perplexity>1e9' --quiet").code, 0);
    EXPECT_EQ(cli("evaluate " + model + " --data " + text + " --context 128 --fail-if 'top1<1'").code, 2) << "not a figure of language models";
}

TEST_F(CliText, ImportanceFromTextServesTheEncoders) {
    const std::string file = (folder / "importance.gguf").string();
    const Answer made = cli("importance " + model + " --data " + text + " --context 64 --chunks 4 -o " + file + " --json");
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(Json::parse(made.out).at("tokens").get<int>(), 256);
    const Answer with = cli("quantize " + model + " --codec q4_0 --importance " + file + " -o " + (folder / "with.gguf").string() + " --json");
    EXPECT_EQ(with.code, 0) << with.err;
    EXPECT_TRUE(fs::exists(folder / "with.gguf"));
}

TEST_F(CliText, SaysWhyATextIsTooShort) {
    std::ofstream(folder / "short.txt") << "Once";
    const Answer answer = cli("evaluate " + model + " --data " + (folder / "short.txt").string());
    EXPECT_EQ(answer.code, 3);
    EXPECT_NE(answer.err.find("less than one window"), std::string::npos) << answer.err;
}

TEST_F(CliText, AFileBesideItsFloatSourceIsMeasuredAsTheRecipeIs) {
    const std::string coded = (folder / "coded.gguf").string();
    ASSERT_EQ(cli("quantize " + model + " --codec q4_0 -o " + coded + " --quiet").code, 0);
    const std::string how = " --data " + text + " --context 128 --metric perplexity,kld --json";
    const Json pair = Json::parse(cli("evaluate " + coded + " --reference " + model + how).out), recipe = Json::parse(cli("evaluate " + model + " --codec q4_0" + how).out);
    EXPECT_EQ(pair.at("perplexity"), recipe.at("perplexity"));
    EXPECT_EQ(pair.at("referencePerplexity"), recipe.at("referencePerplexity"));
    EXPECT_EQ(pair.at("kld"), recipe.at("kld"));
    EXPECT_EQ(pair.at("layers"), recipe.at("layers")) << "which weights carry how much";
    EXPECT_GT(pair.at("layers").size(), 10u);
    EXPECT_GT(pair.at("referenceSeconds").get<double>(), 0.0);
    EXPECT_EQ(pair.at("partial"), false);
}

TEST_F(CliText, FiguresThatWereReachedAreSaidWhereItIsStopped) {
    {
        std::ofstream out(text, std::ios::app);
        for (int i = 0; i < 6000; ++i) out << "The bear had a garden. The fox and the bear sat in the garden and ate honey all day.\n";
    }
    // In the background timeout signals the whole group too: a second Ctrl-C, which ends the program at once.
    const std::string run = "exec timeout --foreground --preserve-status -s INT 6 " + std::string(BITLATHE_CLI) + " evaluate " + model + " --data " + text + " --codec q4_0 --context 128 --threads 1 --isa reference --metric perplexity,kld";
    const Answer json = shell(run + " --json");
    EXPECT_EQ(json.code, 6);
    const Json sofar = Json::parse(json.out);
    EXPECT_EQ(sofar.at("partial"), true);
    EXPECT_GT(sofar.at("tokensPredicted").get<int>(), 0);
    EXPECT_LT(sofar.at("windows").get<int>(), sofar.at("windowsOfAll").get<int>());
    EXPECT_GT(sofar.at("perplexity").at("value").get<double>(), 1.0);
    const Answer people = shell(run + " --quiet --fail-if 'perplexity>0'");
    EXPECT_EQ(people.code, 6) << "no gate is asked of partial figures";
    EXPECT_NE(people.out.find("PARTIAL: stopped after"), std::string::npos) << people.out;
    EXPECT_NE(people.err.find("partial"), std::string::npos) << people.err;
}

TEST_F(CliText, QuietSaysTheFiguresAlone) {
    const std::string how = "evaluate " + model + " --data " + text + " --codec q4_0 --context 128 --chunks 1 --metric perplexity,layers";
    const Answer quiet = cli(how + " --quiet"), loud = cli(how);
    EXPECT_EQ(quiet.out.find("KV cache"), std::string::npos) << quiet.out;
    EXPECT_EQ(quiet.out.find("engine"), std::string::npos) << quiet.out;
    EXPECT_NE(quiet.out.find("attn_q"), std::string::npos) << "the table was asked for: " << quiet.out;
    EXPECT_NE(loud.out.find("KV cache"), std::string::npos);
    EXPECT_EQ(quiet.err, "");
    EXPECT_EQ(cli("quantize " + model + " --codec q4_0 --quiet -o " + (folder / "quiet.gguf").string()).out, "") << "the file was asked for, not a table";
}

TEST_F(CliText, ImportanceServesWhatIsWrittenAndMeasuredTooUnderLlamaCppsName) {
    const std::string file = (folder / "importance.dat").string();
    ASSERT_EQ(cli("importance " + model + " --data " + text + " --context 64 --chunks 4 --quiet -o " + file).out, "");
    const std::string how = " --prompt Once --tokens 8 --codec q4_0 --json";
    EXPECT_EQ(cli("generate " + model + how + " --imatrix " + file).code, 0);
    EXPECT_EQ(cli("generate " + model + how + " --imatrix " + text).code, 3) << "a text is no importance";
    const std::string measure = "evaluate " + model + " --data " + text + " --context 128 --codec q4_0 --json";
    EXPECT_NE(Json::parse(cli(measure + " --imatrix " + file).out).at("kld"), Json::parse(cli(measure).out).at("kld"));
}

TEST_F(CliText, ACheckpointThatNobodyKnowsSaysWhyItBecomesNoGguf) {
    const std::string checkpoint = BITLATHE_SOURCE_DIR "/../shared/corpus/bart-g2p-us";
    if (!fs::exists(checkpoint)) GTEST_SKIP() << "the corpus is not here";
    expectRefusal(cli("quantize " + checkpoint + " --codec q8_0 -o " + (folder / "b.gguf").string()), 2, "model_type");
}

}  // namespace
}  // namespace bitlathe
