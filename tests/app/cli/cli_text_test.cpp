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

}  // namespace
}  // namespace bitlathe
