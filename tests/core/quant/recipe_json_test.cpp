#include "core/quant/recipe_json.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace bitlathe {
namespace {

Recipe everything() {
    Recipe recipe;
    recipe.name = "tuned \"by hand\" – ünï";
    recipe.defaults.weights = QuantSpec{"int", 4, false, false, PerGroup{32}, LeastError{2.4}};
    recipe.defaults.activations = ActivationSpec{8, true, Percentile{99.9}};
    recipe.rules.push_back({"blk.*.ffn_*", "Linear", Rule::Place::Any, {QuantSpec{"int", 3, true, true, PerTensor{}, Entropy{1024, 64}}, std::nullopt}});
    recipe.rules.push_back({"", "", Rule::Place::First, {}});
    recipe.rules.push_back({"", "Conv", Rule::Place::Last, {std::nullopt, ActivationSpec{8, false, MovingAverage{0.1}}}});
    recipe.layers["features.0"] = {QuantSpec{"int", 8, true, true, PerChannel{}, Manual{-0.1, 0.30000000000000004}}, std::nullopt};
    recipe.layers["features.0"].weights->knee = 0.125;
    recipe.layers["features.1"] = {};
    recipe.layers["features.2"] = {QuantSpec{"int", 5, true, true, PerChannel{}, Aciq{Aciq::Shape::Laplace}}, ActivationSpec{8, false, Aciq{}}};
    recipe.layers["features.3"] = {QuantSpec{"int", 5, true, true, PerChannel{}, Adaptive{Adaptive::Metric::Norm24}}, ActivationSpec{8, false, Adaptive{}}};
    recipe.preprocessing = R"({"layout":"NCHW","mean":[0.5,1.25],"scale":0.00392156862745098})";
    return recipe;
}

std::string refusal(const std::string& text) {
    try {
        recipeFromJson(text, "mine.json");
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Recipe);
        return error.message();
    }
    return "";
}
std::string withDefaults(const std::string& defaults) {
    return R"({"format": "bitlathe recipe", "version": 1, "defaults": )" + defaults + "}";
}
void expectRefusal(const std::string& text, const std::string& part) {
    const std::string message = refusal(text);
    EXPECT_NE(message.find(part), std::string::npos) << "message: '" << message << "'\ntext: " << text;
    EXPECT_NE(message.find("mine.json"), std::string::npos) << message;
}

TEST(RecipeJson, RoundTripsExactly) {
    const Recipe recipe = everything();
    const std::string text = toJson(recipe);
    EXPECT_EQ(recipeFromJson(text, "x"), recipe);
    EXPECT_EQ(toJson(recipeFromJson(text, "x")), text);
}

TEST(RecipeJson, RoundTripsEveryPreset) {
    for (const Preset& preset : presets()) EXPECT_EQ(recipeFromJson(toJson(preset.recipe), "x"), preset.recipe) << preset.name;
}

TEST(RecipeJson, EqualRecipesGiveEqualBytesWhateverTheOrderOfKeys) {
    const std::string a = withDefaults(R"({"weights": {"bits": 4, "granularity": {"group": 64}}})");
    const std::string b = R"({"defaults": {"activations": null, "weights": {"granularity": {"group": 64}, "codec": "int", "bits": 4}}, "version": 1, "format": "bitlathe recipe"})";
    EXPECT_EQ(toJson(recipeFromJson(a, "a")), toJson(recipeFromJson(b, "b")));
}

TEST(RecipeJson, TheExampleInTheFormatsDescriptionIsARecipe) {
    std::ifstream file(std::string(BITLATHE_SOURCE_DIR) + "/resources/recipes/FORMAT.md");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto begin = text.find("```json\n") + 8;
    const Recipe recipe = recipeFromJson(text.substr(begin, text.find("```", begin) - begin), "FORMAT.md");
    EXPECT_EQ(recipe.rules.size(), 2u);
    EXPECT_EQ(recipe.defaults.weights->granularity, Granularity(PerGroup{128}));
    EXPECT_EQ(recipe.layers.at("features.0").weights->granularity, Granularity(PerTensor{}));
}

TEST(RecipeJson, KeysThatAreLeftOutHaveTheirDefaults) {
    const Recipe recipe = recipeFromJson(withDefaults(R"({"weights": {"bits": 5}})"), "x");
    QuantSpec expected;
    expected.bits = 5;
    EXPECT_EQ(recipe.defaults.weights, expected);
    EXPECT_FALSE(recipe.defaults.activations);
}

TEST(RecipeJson, RefusesWhatItDoesNotKnowWithPlaceAndCure) {
    expectRefusal("", "not valid JSON");
    expectRefusal("{\"format\": \"bitlathe recipe\",\n \"version\": }", "line 2");
    expectRefusal("[]", "expected an object");
    expectRefusal("{}", "'format'");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 2})", "version");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "colour": 3})", "'colour' is not known");
    expectRefusal(withDefaults(R"({"weights": {"bit": 4}})"), "defaults.weights: the key 'bit'");
    expectRefusal(withDefaults(R"({"weights": {}})"), "'bits' is missing");
    expectRefusal(withDefaults(R"({"weights": {"bits": 17}})"), "defaults.weights.bits: expected a whole number from 1 to 16");
    expectRefusal(withDefaults(R"({"weights": {"bits": 0}})"), "from 1 to 16");
    expectRefusal(withDefaults(R"({"weights": {"bits": 18446744073709551615}})"), "from 1 to 16");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4.0}})"), "whole number");
    expectRefusal(withDefaults(R"({"weights": {"bits": "4"}})"), "whole number");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "codec": "float3"}})"), "choose one of: int");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "symmetric": 1}})"), "true or false");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "granularity": "row"}})"), "granularity");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "granularity": {"group": 0}}})"), "granularity.group");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": "best"}})"), "range");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"aciq": "bell"}}})"), "range.aciq: expected one of: auto, gaussian, laplace");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"adaptive": "psnr"}}})"), "squaredError, norm2.4, cosine, maxError, divergence");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "knee": 1.5}})"), "weights.knee: expected a number from 0");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"percentile": 50}}})"), "range.percentile");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"percentile": 99, "leastError": 2}}})"), "one of the keys");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"manual": [0.1, 1]}}})"), "0 is representable");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"manual": [0, 0]}}})"), "lo < hi");
    expectRefusal(withDefaults(R"({"weights": {"bits": 4, "range": {"entropy": {"bins": 64, "quantizedBins": 128}}}})"), "must not exceed");
    expectRefusal(withDefaults(R"({"activations": {"bits": 4}})"), "activations.bits");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "rules": [{"match": {}}, {"match": {"kind": "Convolution"}}]})", "rules[1].match.kind");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "rules": [{}]})", "'match' is missing");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "layers": {"a": {"bits": 4}}})", "layers.a");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "name": "a", "name": "b"})", "given twice");
    expectRefusal(R"({"format": "bitlathe recipe", "version": 1, "preprocessing": [1]})", "expected an object");
}

TEST(RecipeJson, EveryTruncationIsRefusedWithAMessage) {
    const std::string text = toJson(everything());
    for (std::size_t n = 0; n + 2 < text.size(); ++n) EXPECT_FALSE(refusal(text.substr(0, n)).empty()) << n;
}

TEST(RecipeJson, FlippedBytesGiveARecipeOrAMessageNeverACrash) {
    const std::string text = toJson(everything());
    for (std::size_t n = 0; n < text.size(); ++n)
        for (const int flip : {1, 0x20, 0x80}) {
            std::string damaged = text;
            damaged[n] = static_cast<char>(damaged[n] ^ flip);
            refusal(damaged);
        }
}

TEST(RecipeJson, DeepNestingIsRefusedNotFollowed) {
    EXPECT_FALSE(refusal(std::string(100000, '[')).empty());
    EXPECT_FALSE(refusal(R"({"format":)" + std::string(100000, '[') + std::string(100000, ']') + "}").empty());
}

}  // namespace
}  // namespace bitlathe
