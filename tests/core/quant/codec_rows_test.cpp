// Every row of the list through the rest of the room: whole weights, sizes, threads, recipes and checks.
#include "core/base/error.h"
#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/quant/codec.h"
#include "core/quant/group_fit.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/recipe_json.h"
#include "core/quant/stored_scale.h"
#include "tests/core/quant/every_spec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace bitlathe {
namespace {

std::string textOf(const QuantSpec& spec) { return shortText({spec, std::nullopt}); }

Tensor noise(const Shape& shape) {
    std::mt19937 random(17);
    std::normal_distribution<float> normal(0.01f, 0.2f);
    std::vector<float> x(static_cast<std::size_t>(shape.count()));
    for (float& v : x) v = normal(random);
    x[5] = NAN;
    x[9] = INFINITY;
    return Tensor::of(shape, x);
}

struct Weight {
    Shape shape;
    ChannelLayout layout;
};
const Weight kWeights[] = {{{6, 100}, {1, 6, 100}}, {{100, 6}, {100, 6, 1}}, {{4, 5, 3, 3}, {4, 5, 9}}};

TEST(CodecRows, EveryWeightTakesALevelOfItsGroupAndTheNearestWhereTheFormatDoes) {
    Workers workers(2);
    JobContext job;
    for (const Weight& w : kWeights) {
        const Tensor values = noise(w.shape);
        const auto x = values.as<float>();
        for (const QuantSpec& spec : everySpec()) {
            const Codec& codec = codecOf(spec);
            const QuantizedTensor q = quantizeWeights(values, w.layout, spec, workers, job);
            const Tensor back = dequantize(q, workers);
            const auto y = back.as<float>();
            const GroupGrid grid = q.grid();
            ASSERT_EQ(q.scales.size(), std::size_t(grid.groups));
            std::vector<std::vector<float>> levels;
            for (std::int64_t g = 0; g < grid.groups; ++g) levels.push_back(codec.levels(spec, groupParameters(q, g)));
            for (std::int64_t i = 0; i < values.count(); ++i) {
                const auto [outer, channels, inner] = w.layout;
                const std::int64_t c = i / inner % channels, e = i / (channels * inner) * inner + i % inner;
                const auto& own = levels[std::size_t(grid.groupOf(c, e))];
                const float v = x[std::size_t(i)], got = y[std::size_t(i)];
                ASSERT_TRUE(std::binary_search(own.begin(), own.end(), got)) << textOf(spec) << " " << got;
                if (!codec.takesNearest || !std::isfinite(v)) continue;
                float nearest = INFINITY;
                for (const float level : own) nearest = std::min(nearest, std::fabs(level - v));
                ASSERT_LE(std::fabs(got - v), nearest + 1e-6f * std::fabs(own.back() - own.front())) << textOf(spec) << " " << v;
            }
        }
    }
}

TEST(CodecRows, ResultsDoNotDependOnThreads) {
    Workers one(1), three(3);
    JobContext job;
    const Tensor values = noise(kWeights[0].shape);
    for (const QuantSpec& spec : everySpec()) {
        const QuantizedTensor a = quantizeWeights(values, kWeights[0].layout, spec, one, job);
        EXPECT_EQ(a, quantizeWeights(values, kWeights[0].layout, spec, three, job)) << textOf(spec);
    }
}

TEST(CodecRows, SizesCountCodesParametersAndWhatGroupsShare) {
    for (const QuantSpec& spec : everySpec()) {
        const ChannelLayout layout{1, 6, 100};
        const Codec& codec = codecOf(spec);
        const std::int64_t size = codec.blockSize > 0 ? codec.blockSize
                                  : std::holds_alternative<PerTensor>(spec.granularity)  ? 600
                                  : std::holds_alternative<PerChannel>(spec.granularity) ? 100
                                                                                         : 24;
        const std::int64_t groups = size == 600 ? 1 : 6 * ((100 + size - 1) / size);
        const ScaleType type = scaleTypeOf(spec);
        const bool lookup = codec.innerBytes(spec) == int(sizeof(float)) << spec.bits;
        const std::int64_t each = lookup ? std::int64_t(bitsOf(type)) << spec.bits : bitsOf(type);
        if (codec.blockBytes > 0) EXPECT_EQ(storedBytes(layout, spec), groups * codec.blockBytes) << textOf(spec);
        else EXPECT_EQ(storedBytes(layout, spec), (600 * spec.bits + 7) / 8 + (groups * each + sharedScaleBits(type, groups) + 7) / 8) << textOf(spec);
    }
}

TEST(CodecRows, RecipesHoldEveryRow) {
    Recipe recipe;
    int number = 0;
    for (const QuantSpec& spec : everySpec()) recipe.layers["layer" + std::to_string(number++)] = {spec, std::nullopt};
    EXPECT_EQ(recipeFromJson(toJson(recipe), "x"), recipe);
}

std::string refusal(const std::string& weights) {
    try {
        recipeFromJson(R"({"format": "bitlathe recipe", "version": 1, "defaults": {"weights": )" + weights + "}}", "mine.json");
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

TEST(CodecRows, RecipesRefuseScalesAndTablesThatTheFormatDoesNotHave) {
    EXPECT_EQ(refusal(R"({"codec": "nf4"})"), "");  // one width needs no bits
    EXPECT_NE(refusal(R"({"codec": "nf4", "bits": 5})").find("from 4 to 4"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "kmeans"})").find("'bits' is missing"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "mxfp4", "scale": "f16"})").find("has no scales of type 'f16'; choose one of: e8m0"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "int", "bits": 4, "scale": "one"})").find("weights.scale"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "nf4", "table": [0, 1]})").find("takes no table"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "table", "bits": 2})").find("'table' is missing"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "table", "bits": 1, "table": [0, 1, 2]})").find("2 to 2 levels, not 3"), std::string::npos);
    EXPECT_NE(refusal(R"({"codec": "table", "bits": 2, "table": [0, 1, 1]})").find("twice"), std::string::npos);
    EXPECT_EQ(refusal(R"({"codec": "table", "bits": 2, "table": [0, 1, -1], "scale": "one"})"), "");
}

TEST(CodecRows, NamesTellFormatsApart) {
    std::set<std::string> names;
    for (const Codec& codec : codecs())
        for (int bits = codec.minBits; bits <= codec.maxBits; ++bits) {
            QuantSpec spec;
            spec.codec = codec.name;
            spec.bits = bits;
            EXPECT_TRUE(names.insert(formatName(spec)).second) << formatName(spec);
        }
    QuantSpec spec{"log2", 4, true, true, PerGroup{64}};
    spec.scale = ScaleType::F16;
    EXPECT_EQ(textOf(spec), "log2-4 group 64, scale f16");
}

TEST(CodecRows, ImportanceMovesLevelsToWhatMatters) {
    const Tensor values = noise({8, 128});
    const auto x = values.as<float>();
    std::vector<float> importance(128);
    for (std::size_t e = 0; e < importance.size(); ++e) importance[e] = e < 8 ? 100.0f : 1.0f;
    Workers workers(2);
    JobContext job;
    const auto weighted = [&](const QuantizedTensor& q) {
        const Tensor back = dequantize(q, workers);
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (std::isfinite(x[i])) sum += double(importance[i % 128]) * std::pow(double(x[i]) - double(back.as<float>()[i]), 2);
        return sum;
    };
    for (const Granularity& granularity : {Granularity(PerTensor{}), Granularity(PerChannel{}), Granularity(PerGroup{64})}) {
        const QuantSpec spec{"kmeans", 3, true, true, granularity};
        const double plain = weighted(quantizeWeights(values, {1, 8, 128}, spec, workers, job));
        const double minded = weighted(quantizeWeights(values, {1, 8, 128}, spec, workers, job, detectIsa(), importance));
        EXPECT_LT(minded, 0.7 * plain) << granularity.index();
    }
}

}  // namespace
}  // namespace bitlathe
