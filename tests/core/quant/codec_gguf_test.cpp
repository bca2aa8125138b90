// GGUF rows on whole weights: codes and inner bytes are the blocks of a file, sizes are a file's.
#include "core/quant/codec_gguf.h"

#include "core/base/job.h"
#include "core/base/parallel.h"
#include "core/model/model.h"
#include "core/quant/group_fit.h"
#include "core/quant/quantized_tensor.h"
#include "core/quant/recipe.h"
#include "tests/core/quant/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bitlathe {
namespace {

QuantSpec specOf(const Codec& codec) {
    QuantSpec spec;
    spec.codec = codec.name;
    spec.bits = codec.maxBits;
    return spec;
}

TEST(GgufCodecs, CodesAndInnerBytesAreTheBlocksOfAFile) {
    const auto x = golden<float>("ggml/input.f32.bin");
    Workers workers(2);
    JobContext job;
    for (const Codec& codec : kGgufCodecs) {
        const GgufForm& form = *ggufFormOf(codec.name);
        const QuantizedTensor q = quantizeWeights(Tensor::of(Shape{12, 512}, x), {1, 12, 512}, specOf(codec), workers, job);
        const Tensor back = dequantize(q, workers);
        const auto size = static_cast<std::size_t>(form.values);
        for (std::size_t g = 0; g < q.scales.size(); ++g) {
            std::vector<std::byte> own(static_cast<std::size_t>(form.bytes)), packed(own.size());
            joinGguf(form, ggufParametersOf(form, groupParameters(q, std::int64_t(g)).inner), q.codes.bytes().subspan(g * size, size), own);
            packGguf(form, std::span(x).subspan(g * size, size), {}, -1, packed);
            ASSERT_EQ(own, packed) << codec.name << " block " << g;
            std::vector<float> y(size);
            unpackGguf(form, own, y);
            const auto values = back.as<float>().subspan(g * size, size);
            ASSERT_TRUE(std::equal(y.begin(), y.end(), values.begin())) << codec.name << " block " << g;
        }
    }
}

// Channels that end inside a block, channels across the weight, tiles of many channels and channels of many tiles.
TEST(GgufCodecs, WholeWeightsAreCodedAsGroupsAreOneByOne) {
    const auto golden8 = golden<float>("ggml/input.f32.bin"), importance512 = golden<float>("ggml/imatrix.f32.bin");
    Workers workers(2);
    JobContext job;
    const ChannelLayout layouts[] = {{1, 12, 512}, {1, 9, 520}, {1, 60, 100}, {3, 4, 320}, {1, 2, 10000}};
    for (const Codec& codec : kGgufCodecs)
        for (const ChannelLayout& layout : layouts) {
            if (codec.coupled > 0 && layout.channels == 60) continue;  // blocks of sixteen lanes, one by one, take their time
            std::vector<float> x(static_cast<std::size_t>(layout.channels * layout.perChannel())), importance(static_cast<std::size_t>(layout.perChannel()));
            for (std::size_t i = 0; i < x.size(); ++i) x[i] = golden8[(i * 7 + i / 6144) % golden8.size()];
            for (std::size_t i = 0; i < importance.size(); ++i) importance[i] = importance512[i % 512];
            x[5] = NAN;
            const Tensor values = Tensor::of(Shape{std::int64_t(x.size())}, x);
            for (const Isa isa : isasUpTo(lowered(detectIsa(), Isa::Avx512Vnni)))
                for (const auto& given : {std::vector<float>{}, importance}) {
                    const QuantizedTensor q = quantizeWeights(values, layout, specOf(codec), workers, job, isa, given);
                    const Tensor back = dequantize(q, workers, isa);
                    for (std::int64_t c = 0; c < layout.channels; ++c) {
                        std::vector<float> channel, decoded, own(static_cast<std::size_t>(layout.perChannel()));
                        std::vector<std::byte> codes, ownCodes(own.size());
                        for (std::int64_t e = 0; e < layout.perChannel(); ++e) {
                            const auto at = static_cast<std::size_t>((e / layout.inner * layout.channels + c) * layout.inner + e % layout.inner);
                            channel.push_back(x[at]);
                            codes.push_back(q.codes.bytes()[at]);
                            decoded.push_back(back.as<float>()[at]);
                        }
                        const GroupGrid grid = q.grid();
                        for (std::int64_t g = 0; g < grid.perChannel; ++g) {
                            const auto first = static_cast<std::size_t>(g * grid.size), length = std::min(static_cast<std::size_t>(grid.size), own.size() - first);
                            std::vector<std::byte> inner(static_cast<std::size_t>(codec.innerBytes(q.spec)));
                            GroupParameters group{1, 0, inner};
                            const auto part = std::span(channel).subspan(first, length);
                            codec.fit(q.spec, part, given.empty() ? std::span<const float>{} : std::span(given).subspan(first, length), {}, group);
                            codec.encode(q.spec, group, part, std::span(ownCodes).subspan(first, length));
                            codec.decode(q.spec, group, std::span(ownCodes).subspan(first, length), std::span(own).subspan(first, length));
                            const auto index = static_cast<std::size_t>(c * grid.perChannel + g);
                            ASSERT_EQ(q.scales[index], group.scale) << codec.name;
                            ASSERT_EQ(std::memcmp(groupParameters(q, std::int64_t(index)).inner.data(), inner.data(), inner.size()), 0) << codec.name;
                        }
                        ASSERT_EQ(codes, ownCodes) << codec.name << " " << isaName(isa) << " channel " << c;
                        ASSERT_EQ(decoded, own) << codec.name;
                    }
                }
        }
}

TEST(GgufCodecs, SizesAreThoseOfAFile) {
    const std::pair<const char*, double> expected[] = {{"q4_0", 4.5}, {"q4_1", 5}, {"q5_0", 5.5}, {"q5_1", 6}, {"q8_0", 8.5}, {"q2_k", 2.625}, {"q3_k", 3.4375},
                                                       {"q4_k", 4.5}, {"q5_k", 5.5}, {"q6_k", 6.5625}, {"iq4_nl", 4.5}, {"iq4_xs", 4.25}, {"tq1_0", 1.6875}, {"tq2_0", 2.0625},
                                                       {"iq1_s", 1.5625}, {"iq1_m", 1.75}, {"iq2_xxs", 2.0625}, {"iq2_xs", 2.3125}, {"iq2_s", 2.5625}, {"iq3_xxs", 3.0625}, {"iq3_s", 3.4375}};
    ASSERT_EQ(std::size(expected), std::size(kGgufCodecs));
    for (const auto& [name, bits] : expected) EXPECT_DOUBLE_EQ(bitsPerWeight({1, 16, 512}, specOf(*findCodec(name))), bits) << name;
}

TEST(GgufCodecs, ImportanceLessensWhatItWeighs) {
    auto x = golden<float>("ggml/input.f32.bin");
    x.resize(7 * 512);  // the rows whose values have a shape
    const auto importance = golden<float>("ggml/imatrix.f32.bin");
    const Tensor values = Tensor::of(Shape{7, 512}, x);
    Workers workers(2);
    JobContext job;
    for (const Codec& codec : kGgufCodecs) {
        const auto weighted = [&](std::span<const float> given) {
            const Tensor back = dequantize(quantizeWeights(values, {1, 7, 512}, specOf(codec), workers, job, detectIsa(), given), workers);
            double sum = 0;
            for (std::size_t i = 0; i < x.size(); ++i) {
                const double e = double(x[i]) - double(back.as<float>()[i]);
                sum += double(importance[i % 512]) * e * e;
            }
            return sum;
        };
        const bool ignores = codec.name == "q8_0" || codec.name == "tq1_0" || codec.name == "tq2_0";
        if (ignores) EXPECT_EQ(weighted(importance), weighted({})) << codec.name;
        else EXPECT_LT(weighted(importance), weighted({})) << codec.name;
    }
}

TEST(GgufCodecs, FormsBelongToTheirRows) {
    for (const Codec& codec : kGgufCodecs) {
        std::string name(ggufFormOf(codec.name)->name);
        std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c == 'K' ? 'k' : c; });
        EXPECT_EQ(name, codec.name);
    }
    EXPECT_EQ(ggufFormOf("mxfp4"), nullptr);
}

TEST(GgufCodecs, RowsThatNoFileCanHoldAreNamedWithACure) {
    Model model;
    Layer layer;
    layer.name = "blk.0.attn_q";
    layer.quantizable = true;
    layer.layout = {1, 4, 96};
    layer.shape = Shape{4, 96};
    model.layers.push_back(layer);
    Recipe recipe;
    const auto warnings = [&](const char* codec) {
        recipe.defaults.weights = specOf(*findCodec(codec));
        std::vector<Issue> found = validate(recipe, model);
        std::erase_if(found, [](const Issue& issue) { return issue.level != Issue::Level::Warning; });
        return found;
    };
    const auto found = warnings("q4_k");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].layer, layer.name);
    EXPECT_NE(found[0].message.find("blocks of 256"), std::string::npos);
    EXPECT_NE(found[0].cure.find("q5_0"), std::string::npos);
    EXPECT_TRUE(warnings("q4_0").empty());
    model.layers[0].layout = {1, 4, 100};
    ASSERT_EQ(warnings("q4_0").size(), 1u);
    EXPECT_EQ(warnings("q4_0")[0].cure.find("q5_0"), std::string::npos);
}

}  // namespace
}  // namespace bitlathe
