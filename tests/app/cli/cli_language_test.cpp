// Language models on the command line: inspect and run.
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "tests/app/cli/cli_rig.h"
#include "tests/core/formats/gguf_sample.h"

namespace bitlathe {
namespace {

const std::string kStories = BITLATHE_SOURCE_DIR "/../shared/corpus/stories260k-llm/derived/stories260K-f32-GGUFv3.gguf";

class CliLanguage : public Cli {
protected:
    Json language(const std::string& model) { return Json::parse(cli("inspect " + model + " --json").out).at("language"); }
};

TEST_F(CliLanguage, AModelThatLacksAKeySaysWhyItDoesNotRun) {
    const std::vector<float> x(256 * 12, 0.5f);
    write("torso.gguf", GgufSample().text("general.architecture", "llama").tensor("blk.0.attn_q.weight", {256, 12}, 0, bytesOf(x)).bytes());
    const Json torso = language(at("torso.gguf"));
    EXPECT_EQ(torso.at("architecture"), "llama");
    EXPECT_EQ(torso.at("runs"), false);
    EXPECT_NE(torso.at("whyNot").get<std::string>().find("block_count"), std::string::npos);
    EXPECT_NE(cli("inspect " + at("torso.gguf")).out.find("cannot be run here: "), std::string::npos);
    expectRefusal(cli("run " + at("torso.gguf") + " --input tokens=" + at("torso.gguf") + " -o " + at("out.npz")), 3, "block_count");
}

TEST_F(CliLanguage, AnArchitectureThatIsNotKnownIsNamed) {
    const std::vector<float> x(256 * 12, 0.5f);
    write("other.gguf", GgufSample().text("general.architecture", "mamba").tensor("blk.0.ssm_in.weight", {256, 12}, 0, bytesOf(x)).bytes());
    EXPECT_NE(language(at("other.gguf")).at("whyNot").get<std::string>().find("'mamba'"), std::string::npos);
    expectRefusal(cli("run " + at("other.gguf") + " --input tokens=" + at("other.gguf") + " -o " + at("out.npz")), 4, "'mamba'");
}

TEST_F(CliLanguage, OtherNetworksAreNone) { EXPECT_FALSE(Json::parse(cli("inspect " + kModel + " --json").out).contains("language")); }

TEST_F(CliLanguage, InspectShowsExtentsAndTokenizer) {
    if (!fs::exists(kStories)) GTEST_SKIP() << "the corpus is not here";
    const Json stories = language(kStories);
    EXPECT_EQ(stories.at("runs"), true) << stories.at("whyNot");
    EXPECT_EQ(stories.at("layers"), 5);
    EXPECT_EQ(stories.at("vocabulary"), 512);
    EXPECT_NE(stories.at("tokenizer").get<std::string>().find("512"), std::string::npos);
    EXPECT_NE(cli("inspect " + kStories).out.find("8 heads of 8 on 4 of keys"), std::string::npos);
}

TEST_F(CliLanguage, RunsOnTokensAlone) {
    if (!fs::exists(kStories)) GTEST_SKIP() << "the corpus is not here";
    writeNpy(at("tokens.npy"), Tensor::of(Shape{3}, std::vector<std::int64_t>{1, 403, 407}));
    for (const std::string how : {"", " --codec q8_0", " --codec int --bits 8 --engine simulated"}) {
        const Answer answer = cli("run " + kStories + how + " --input tokens=" + at("tokens.npy") + " -o " + at("out.npz"));
        ASSERT_EQ(answer.code, 0) << answer.err;
        const auto outputs = readNpz(at("out.npz"));
        ASSERT_EQ(outputs.at(0).first, "logits");
        ASSERT_EQ(outputs.at(0).second.shape(), (Shape{1, 3, 512}));
        const auto values = outputs.at(0).second.as<float>();
        const auto likeliest = [&](std::ptrdiff_t row) { return std::max_element(values.begin() + row * 512, values.begin() + (row + 1) * 512) - values.begin() - row * 512; };
        EXPECT_EQ(likeliest(0), 403) << how;  // "Once upon a"
        EXPECT_EQ(likeliest(1), 407) << how;
        EXPECT_EQ(likeliest(2), 261) << how;
    }
    writeNpy(at("foreign.npy"), Tensor::of(Shape{2}, std::vector<std::int64_t>{1, 512}));
    expectRefusal(cli("run " + kStories + " --input tokens=" + at("foreign.npy") + " -o " + at("out.npz")), 3, "vocabulary");
}

}  // namespace
}  // namespace bitlathe
