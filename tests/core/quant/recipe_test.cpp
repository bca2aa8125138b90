#include "core/quant/recipe.h"

#include "core/model/model.h"
#include "core/quant/codec.h"
#include "core/quant/ranges.h"
#include "core/quant/rule_match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace bitlathe {
namespace {

Layer layerOf(std::string name, LayerKind kind, std::int64_t channels, std::int64_t perChannel, bool quantizable = true) {
    Layer layer;
    layer.name = std::move(name);
    layer.kind = kind;
    layer.layout = {1, channels, perChannel};
    layer.quantizable = quantizable;
    return layer;
}

Model sample() {
    Model model;
    model.layers = {layerOf("norm0", LayerKind::Norm, 1, 3, false), layerOf("conv1", LayerKind::Conv, 16, 27), layerOf("conv2", LayerKind::Conv, 32, 144),
                    layerOf("table", LayerKind::Embedding, 100, 64), layerOf("head.fc", LayerKind::Linear, 10, 512), layerOf("norm1", LayerKind::Norm, 1, 10, false)};
    return model;
}

Scheme ofBits(int bits) {
    Scheme scheme;
    scheme.weights.emplace().bits = bits;
    return scheme;
}

bool says(const std::vector<Issue>& issues, Issue::Level level, const std::string& layer, const std::string& part) {
    return std::any_of(issues.begin(), issues.end(), [&](const Issue& i) {
        return i.level == level && i.layer == layer && i.message.find(part) != std::string::npos && !i.cure.empty();
    });
}

TEST(Recipe, LayersWinOverRulesAndTheLastRuleOverEarlierOnes) {
    const Model model = sample();
    Recipe recipe;
    recipe.defaults = ofBits(8);
    recipe.rules = {{"conv*", "", Rule::Place::Any, ofBits(4)}, {"", "", Rule::Place::First, ofBits(6)}, {"", "Linear", Rule::Place::Any, ofBits(3)}};
    recipe.layers["conv2"] = ofBits(2);
    const auto schemes = schemesFor(recipe, model);
    EXPECT_EQ(schemes[0], Scheme{});   // a norm stays in float
    EXPECT_EQ(schemes[1], ofBits(6));  // first quantizable layer
    EXPECT_EQ(schemes[2], ofBits(2));
    EXPECT_EQ(schemes[3], ofBits(8));
    EXPECT_EQ(schemes[4], ofBits(3));
    for (std::size_t i = 0; i < schemes.size(); ++i) EXPECT_EQ(schemes[i], schemeFor(recipe, model, i));
}

TEST(Recipe, ARuleMatchesOnlyWhenEveryGivenPartDoes) {
    const Layer conv = layerOf("block.1.conv", LayerKind::Conv, 1, 1);
    EXPECT_TRUE(matches({"block.*", "Conv", Rule::Place::Any, {}}, conv, false, false));
    EXPECT_FALSE(matches({"block.*", "Linear", Rule::Place::Any, {}}, conv, false, false));
    EXPECT_FALSE(matches({"block.*", "Conv", Rule::Place::Last, {}}, conv, true, false));
    EXPECT_TRUE(matches({}, conv, false, false));
}

TEST(Recipe, GlobsKnowStarsAndQuestionMarks) {
    EXPECT_TRUE(globMatches("blk.*.ffn_*", "blk.12.ffn_up"));
    EXPECT_FALSE(globMatches("blk.*.ffn_*", "blk.12.attn_q"));
    EXPECT_TRUE(globMatches("*", ""));
    EXPECT_TRUE(globMatches("a?c", "abc"));
    EXPECT_FALSE(globMatches("a?c", "ac"));
    EXPECT_TRUE(globMatches("*a*b", "xxaxxab"));
    EXPECT_FALSE(globMatches("", "x"));
}

TEST(Recipe, EveryPresetIsValidForAnOrdinaryModel) {
    std::set<std::string_view> names;
    for (const Preset& preset : presets()) {
        EXPECT_TRUE(names.insert(preset.name).second);
        EXPECT_EQ(preset.recipe.name, preset.name);
        // Formats in blocks are for language models: filters of 3 × 3 do not fill their blocks, and are told so.
        const auto& weights = preset.recipe.defaults.weights;
        const auto worst = weights && codecOf(*weights).blockBytes > 0 ? Issue::Level::Warning : Issue::Level::Note;
        for (const Issue& issue : validate(preset.recipe, sample())) EXPECT_LE(issue.level, worst) << preset.name << ": " << issue.message;
    }
    for (const auto* name : {"int8", "int8-weights", "int4-g128", "int4-channel", "mixed-safe"}) EXPECT_TRUE(findPreset(name)) << name;
    EXPECT_FALSE(findPreset("int9"));
}

TEST(Recipe, MixedSafeKeepsBothEndsAtEightBits) {
    const auto schemes = schemesFor(findPreset("mixed-safe")->recipe, sample());
    EXPECT_EQ(schemes[1].weights->bits, 8);
    EXPECT_EQ(schemes[2].weights->bits, 4);
    EXPECT_EQ(schemes[3].weights->bits, 4);
    EXPECT_EQ(schemes[4].weights->bits, 8);
}

TEST(Recipe, ValidationKnowsScalesTablesAndBlocks) {
    const Model model = sample();
    Recipe recipe;
    const auto put = [&](const char* layer, const char* codec, int bits) -> QuantSpec& {
        QuantSpec& spec = recipe.layers[layer].weights.emplace();
        spec.codec = codec;
        spec.bits = bits;
        return spec;
    };
    put("conv1", "mxfp4", 4).scale = ScaleType::F16;
    put("conv2", "nf4", 4).table = {0, 1};
    put("head.fc", "table", 2);
    const auto issues = validate(recipe, model);
    using Level = Issue::Level;
    EXPECT_TRUE(says(issues, Level::Error, "conv1", "no scales of type f16"));
    EXPECT_TRUE(says(issues, Level::Note, "conv1", "block that is not full"));
    EXPECT_TRUE(says(issues, Level::Warning, "conv2", "takes no table"));
    EXPECT_TRUE(says(issues, Level::Error, "head.fc", "has 2 to 4 levels, not 0"));
}

TEST(Recipe, ValidationNamesLayerReasonAndCure) {
    const Model model = sample();
    Recipe recipe;
    recipe.layers["conv1"] = ofBits(17);
    recipe.layers["conv2"] = ofBits(4);
    recipe.layers["conv2"].weights->granularity = PerGroup{200};
    recipe.layers["table"] = ofBits(8);
    recipe.layers["table"].activations = ActivationSpec{};
    recipe.layers["head.fc"].weights.emplace().codec = "decimal";
    recipe.layers["norm1"] = ofBits(8);
    recipe.layers["conv3"] = ofBits(8);
    recipe.rules.push_back({"nothing*", "", Rule::Place::Any, ofBits(4)});
    const auto issues = validate(recipe, model);
    using Level = Issue::Level;
    EXPECT_TRUE(says(issues, Level::Error, "conv1", "17 bits"));
    EXPECT_TRUE(says(issues, Level::Note, "conv2", "longer than the channel"));
    EXPECT_TRUE(says(issues, Level::Warning, "table", "Embedding"));
    EXPECT_TRUE(says(issues, Level::Error, "head.fc", "decimal"));
    EXPECT_TRUE(says(issues, Level::Warning, "norm1", "cannot be quantized"));
    EXPECT_TRUE(says(issues, Level::Warning, "conv3", "no layer of this name"));
    EXPECT_TRUE(says(issues, Level::Warning, "", "matches no layer"));
}

TEST(Recipe, ValidationSaysWhereAKneeCannotApply) {
    const Model model = sample();
    Recipe recipe;
    recipe.layers["conv1"] = ofBits(8);
    recipe.layers["conv1"].weights->knee = 0.2;
    EXPECT_TRUE(validate(recipe, model).empty());
    recipe.layers["conv1"].weights->bits = 1;
    recipe.layers["conv2"] = ofBits(4);
    recipe.layers["conv2"].weights->codec = "q4_0";
    recipe.layers["conv2"].weights->knee = 0.2;
    recipe.layers["head.fc"] = ofBits(8);
    recipe.layers["head.fc"].weights->knee = 1.1;
    const auto issues = validate(recipe, model);
    using Level = Issue::Level;
    EXPECT_TRUE(says(issues, Level::Warning, "conv1", "the knee does nothing"));
    EXPECT_TRUE(says(issues, Level::Warning, "conv2", "the knee does nothing"));
    EXPECT_TRUE(says(issues, Level::Error, "head.fc", "from 0 to 1"));
}

TEST(Recipe, ValidationSaysWhatAciqAssumes) {
    Recipe recipe;
    recipe.layers["conv1"] = ofBits(8);
    recipe.layers["conv1"].weights->range = Aciq{};
    EXPECT_TRUE(validate(recipe, sample()).empty());
    recipe.layers["conv1"].weights->codec = "fp8e4m3";
    EXPECT_TRUE(says(validate(recipe, sample()), Issue::Level::Note, "conv1", "even steps"));
}

TEST(Recipe, ValidationRefusesRangesThatMeanNothing) {
    for (const RangeRule& rule : {RangeRule(Manual{0.5, 1}), RangeRule(Manual{0, 0}), RangeRule(Percentile{20}), RangeRule(MovingAverage{0}), RangeRule(LeastError{-1}), RangeRule(Entropy{4, 128})}) {
        Recipe recipe;
        recipe.layers["conv1"] = ofBits(8);
        recipe.layers["conv1"].weights->range = rule;
        const auto issues = validate(recipe, sample());
        EXPECT_TRUE(std::any_of(issues.begin(), issues.end(), [](const Issue& i) { return i.level == Issue::Level::Error && i.layer == "conv1"; })) << rangeText(rule);
    }
}

TEST(Scheme, ShortTextsFitATable) {
    EXPECT_EQ(shortText({}), "float32");
    Scheme scheme = ofBits(8);
    EXPECT_EQ(shortText(scheme), "int8 channel");
    scheme.weights->granularity = PerGroup{128};
    scheme.weights->bits = 4;
    EXPECT_EQ(shortText(scheme), "int4 group 128");
    scheme.weights->symmetric = false;
    scheme.weights->granularity = PerTensor{};
    EXPECT_EQ(shortText(scheme), "uint4 tensor");
    scheme.activations = ActivationSpec{};
    EXPECT_EQ(shortText(scheme), "uint4 tensor, a uint8");
}

}  // namespace
}  // namespace bitlathe
