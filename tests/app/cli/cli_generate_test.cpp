// bitlathe-cli generate, on the language demo.
#include "tests/app/cli/cli_rig.h"

namespace bitlathe {
namespace {

const std::string kTales = std::string(BITLATHE_SOURCE_DIR) + "/resources/demo/tales-0.3m.gguf";
const std::string kLarger = std::string(BITLATHE_SOURCE_DIR) + "/resources/demo/tales-1m.gguf";
const std::string kPrompt = " --prompt \"Once upon a time there was a girl named Lily.\" --tokens 40 ";

class CliGenerate : public Cli {};

TEST_F(CliGenerate, ContinuesTheDemoTheSameForEveryThreadCount) {
    const Answer one = cli("generate " + kTales + kPrompt + "--json --threads 1 --engine float"), three = cli("generate " + kTales + kPrompt + "--json --threads 3 --engine float");
    ASSERT_EQ(one.code, 0) << one.err;
    const Json a = Json::parse(one.out).at("continuation"), b = Json::parse(three.out).at("continuation");
    EXPECT_EQ(a.at("tokens"), b.at("tokens"));
    ASSERT_EQ(a.at("tokens").size(), 40u);
    EXPECT_NE(a.at("text").get<std::string>().find(" she "), std::string::npos) << "a girl is she: " << a.at("text");
}

TEST_F(CliGenerate, BesideARecipeSaysWhereTheTextsPart) {
    const Answer made = cli("generate " + kTales + kPrompt + "--codec q4_0 --json");
    ASSERT_EQ(made.code, 0) << made.err;
    const Json both = Json::parse(made.out);
    ASSERT_TRUE(both.at("partsAt").is_number()) << "4 bits are too few for a model of this size";
    const std::size_t at = both.at("partsAt");
    const Json &first = both.at("float").at("tokens"), &second = both.at("quantized").at("tokens");
    EXPECT_NE(first.at(at).at("token"), second.at(at).at("token"));
    for (std::size_t i = 0; i < at; ++i) EXPECT_EQ(first.at(i).at("token"), second.at(i).at("token")) << i;
    EXPECT_EQ(both.at("divergence").size(), first.size());
    EXPECT_EQ(first.at(at).at("best").size(), 5u);
    EXPECT_EQ(first.at(at).at("best").at(0).at("token"), first.at(at).at("token")) << "greedy takes the likeliest";
}

TEST_F(CliGenerate, TheSeedDecidesWhatIsDrawn) {
    const std::string draw = "generate " + kTales + kPrompt + "--temperature 1.2 --top-k 0 --json --seed ";
    const auto text = [&](int seed) { return Json::parse(cli(draw + std::to_string(seed)).out).at("continuation").at("text"); };
    EXPECT_EQ(text(1), text(1));
    EXPECT_NE(text(1), text(2));
}

TEST_F(CliGenerate, TheCacheIsHeldAsAskedBlockByBlock) {
    const Answer made = cli("generate " + kLarger + kPrompt + "--kv-k int8 --kv-v f32,1-=q4 --json");
    ASSERT_EQ(made.code, 0) << made.err;
    const Json cache = Json::parse(made.out).at("cache");
    EXPECT_EQ(cache.at("blocks").at(0).at("keys"), "int8");
    EXPECT_EQ(cache.at("blocks").at(0).at("values"), "f32");
    EXPECT_EQ(cache.at("blocks").at(1).at("values"), "int4");
    std::int64_t sum = 0;
    for (const Json& block : cache.at("blocks")) sum += block.at("bytesPerToken").get<std::int64_t>();
    EXPECT_EQ(cache.at("bytesPerToken"), sum);
    EXPECT_EQ(cache.at("bytes").get<std::int64_t>(), sum * cache.at("tokens").get<std::int64_t>());
    EXPECT_NE(cli("generate " + kLarger + kPrompt + "--codec q8_0 --kv-v int4").out.find("KV cache: keys f16; values int4: "), std::string::npos) << "half precision where nothing is said";
}

TEST_F(CliGenerate, SaysWhatCannotBeContinued) {
    const Answer image = cli("generate " + kModel + kPrompt);
    EXPECT_NE(image.code, 0);
    EXPECT_FALSE(image.err.empty());
    const Answer cache = cli("generate " + kTales + kPrompt + "--keys int9");
    EXPECT_EQ(cache.code, 2);
    EXPECT_NE(cache.err.find("there is no type 'int9'"), std::string::npos) << cache.err;
    expectRefusal(cli("generate " + kTales + kPrompt + "--kv-v 0-99=f16"), 2, "the model has the blocks 0 to");
}

}  // namespace
}  // namespace bitlathe
