// Named mixtures against the tensor types that llama-quantize chose (../shared/vectors/gguf/mixtures.json).
#include "core/language/mixture.h"

#include "core/formats/gguf/gguf.h"
#include "core/model/model.h"
#include "core/quant/codec.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace bitlathe {
namespace {

struct Extents {
    int layers = 2;
    std::int64_t width = 256, inner = 256, keys = 64;
};

// Values of a few shared bytes: mixtures look at names and shapes alone.
Model llamaOf(const Extents& e, bool head, bool huggingFace = false) {
    Model model;
    model.format = huggingFace ? "safetensors" : "gguf";
    model.producer = "llama";
    model.graph.weightsOnly = true;
    const auto add = [&](const std::string& name, std::int64_t rows, std::int64_t columns) { model.graph.addConstant(name, Tensor::of(Shape{rows, columns}, std::vector<float>(static_cast<std::size_t>(rows * columns)))); };
    add(huggingFace ? "model.embed_tokens.weight" : "token_embd.weight", 8, e.width);
    if (head) add(huggingFace ? "lm_head.weight" : "output.weight", 8, e.width);
    for (int l = 0; l < e.layers; ++l) {
        const std::string at = (huggingFace ? "model.layers." : "blk.") + std::to_string(l) + ".";
        add(at + (huggingFace ? "self_attn.q_proj.weight" : "attn_q.weight"), e.width, e.width);
        add(at + (huggingFace ? "self_attn.k_proj.weight" : "attn_k.weight"), e.keys, e.width);
        add(at + (huggingFace ? "self_attn.v_proj.weight" : "attn_v.weight"), e.keys, e.width);
        add(at + (huggingFace ? "self_attn.o_proj.weight" : "attn_output.weight"), e.width, e.width);
        add(at + (huggingFace ? "mlp.gate_proj.weight" : "ffn_gate.weight"), e.inner, e.width);
        add(at + (huggingFace ? "mlp.up_proj.weight" : "ffn_up.weight"), e.inner, e.width);
        add(at + (huggingFace ? "mlp.down_proj.weight" : "ffn_down.weight"), e.width, e.inner);
    }
    model.layers = findLayers(model.graph);
    return model;
}

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// What a file gets: with the substitutes for rows that no block of 256 divides.
std::string codecOfLayer(const Recipe& recipe, const Model& model, const std::string& name) {
    for (std::size_t i = 0; i < model.layers.size(); ++i)
        if (model.layers[i].name == name) return gguf::kWeights.choose(model.layers[i], *schemeFor(recipe, model, i).weights).weights->codec;
    return "no layer " + name;
}

TEST(Mixture, EveryTensorHasTheTypeThatLlamaQuantizeGivesIt) {
    std::ifstream file(BITLATHE_SOURCE_DIR "/../shared/vectors/gguf/mixtures.json");
    if (!file) GTEST_SKIP() << "../shared/vectors is not here";
    const auto all = nlohmann::json::parse(file);
    const std::map<std::string, Extents> shapes = {{"deep-gqa4", {32, 256, 256, 64}}, {"deep-mha", {32, 256, 256, 256}}, {"odd-96", {2, 96, 160, 96}}};
    int compared = 0;
    for (const auto& [shape, extents] : shapes) {
        const Model model = llamaOf(extents, true);
        for (const auto& [name, tensors] : all["types"][shape].items()) {
            const Mixture* mixture = findMixture(name);
            ASSERT_TRUE(mixture) << name;
            const Recipe recipe = mixtureRecipe(*mixture, model);
            for (const auto& [tensor, types] : tensors.items()) {
                if (tensor.ends_with(".weight")) {
                    EXPECT_EQ(codecOfLayer(recipe, model, tensor.substr(0, tensor.size() - 7)), lower(types)) << shape << " " << name << " " << tensor;
                    continue;
                }
                for (int l = 0; l < extents.layers; ++l, ++compared)
                    ASSERT_EQ(codecOfLayer(recipe, model, "blk." + std::to_string(l) + "." + tensor), lower(types.is_array() ? types[static_cast<std::size_t>(l)] : types)) << shape << " " << name << " " << tensor << " " << l;
            }
        }
    }
    // Of IQ3_XXS the tool stopped at the first block of the deep models, as it was given no importance.
    EXPECT_EQ(compared, 21 * 7 * (32 + 32) + 22 * 7 * 2);
}

// What llama-quantize's source says where no reference file is: types of "blk.N.PART" by importance and by experts.
struct Said {
    const char *mixture, *tensor, *without, *with;
};
TEST(Mixture, ImportanceChangesWhatLlamaQuantizesSourceSays) {
    const Model model = llamaOf({32, 256, 256, 256}, true);
    const Said all[] = {
        {"IQ3_XXS", "blk.0.attn_v", "iq3_s", "iq3_xxs"}, {"IQ3_XXS", "blk.0.ffn_down", "q4_k", "iq3_xxs"}, {"IQ3_XXS", "blk.9.ffn_down", "q3_k", "iq3_xxs"},
        {"IQ3_XXS", "blk.9.attn_q", "iq2_s", "iq2_s"}, {"IQ3_XXS", "blk.9.attn_k", "iq2_s", "iq2_s"}, {"IQ3_XXS", "blk.9.attn_output", "iq3_s", "iq3_s"},
        {"IQ3_XXS", "blk.9.ffn_up", "iq3_xxs", "iq3_xxs"}, {"IQ3_XXS", "token_embd", "iq3_s", "iq3_s"}, {"IQ3_XXS", "output", "q5_k", "q5_k"},
        {"IQ4_XS", "blk.0.ffn_down", "q5_k", "iq4_xs"}, {"IQ4_NL", "blk.3.ffn_down", "q5_k", "iq4_nl"}, {"Q4_0", "blk.3.ffn_down", "q4_0", "q4_1"},
        {"Q4_0", "blk.4.ffn_down", "q4_0", "q4_0"}, {"Q5_0", "blk.0.ffn_down", "q5_0", "q5_1"}, {"Q4_K_M", "blk.0.ffn_down", "q6_k", "q6_k"},
        {"IQ2_M", "blk.9.attn_q", "iq2_s", "iq2_s"}, {"IQ2_M", "blk.9.attn_v", "iq3_s", "iq3_s"}, {"IQ2_M", "blk.3.ffn_down", "iq3_s", "iq3_s"},
        {"IQ2_M", "blk.4.ffn_down", "iq2_s", "iq2_s"}, {"IQ2_M", "token_embd", "iq3_s", "iq3_s"}, {"IQ2_S", "blk.9.attn_q", "iq2_xs", "iq2_xs"},
        {"IQ2_S", "blk.9.attn_output", "iq3_s", "iq3_s"}, {"IQ2_XS", "blk.9.attn_v", "q2_k", "q2_k"}, {"IQ2_XS", "blk.9.attn_output", "iq2_xs", "iq2_xs"},
        {"IQ2_XXS", "blk.0.ffn_down", "q2_k", "q2_k"}, {"IQ2_XXS", "blk.9.ffn_gate", "iq2_xxs", "iq2_xxs"}, {"IQ2_XXS", "token_embd", "q2_k", "q2_k"},
        {"IQ2_XXS", "output", "q5_k", "q5_k"}, {"IQ1_S", "blk.9.attn_output", "iq2_xxs", "iq2_xxs"}, {"IQ1_M", "blk.9.ffn_up", "iq1_m", "iq1_m"},
    };
    for (const Said& said : all) {
        const Mixture* mixture = findMixture(said.mixture);
        ASSERT_TRUE(mixture) << said.mixture;
        EXPECT_EQ(codecOfLayer(mixtureRecipe(*mixture, model), model, said.tensor), said.without) << said.mixture << " " << said.tensor;
        EXPECT_EQ(codecOfLayer(mixtureRecipe(*mixture, model, true), model, said.tensor), said.with) << said.mixture << " " << said.tensor;
    }
}

TEST(Mixture, EightExpertsLeaveRoomForAttention) {
    Model model = llamaOf({32, 256, 256, 256}, true);
    model.metadata.emplace_back("llama.expert_count", "8");
    const auto of = [&](const char* mixture, const char* tensor) { return codecOfLayer(mixtureRecipe(*findMixture(mixture), model), model, tensor); };
    EXPECT_EQ(of("Q4_K_M", "blk.9.attn_v"), "q8_0");
    EXPECT_EQ(of("Q4_K_M", "blk.9.attn_k"), "q8_0");
    EXPECT_EQ(of("Q4_K_M", "blk.9.attn_output"), "q5_k");
    EXPECT_EQ(of("Q4_K_M", "blk.9.attn_q"), "q4_k");
    EXPECT_EQ(of("Q5_K_M", "blk.9.attn_output"), "q5_k");  // its base
    EXPECT_EQ(of("Q3_K_L", "blk.9.attn_output"), "q3_k");
    EXPECT_EQ(of("IQ2_XS", "blk.9.attn_v"), "q4_k");
    EXPECT_EQ(of("IQ2_XS", "blk.9.attn_k"), "q4_k");
    EXPECT_EQ(of("IQ2_XS", "blk.9.attn_output"), "q5_k");
    EXPECT_EQ(of("IQ3_M", "blk.6.ffn_down"), "q4_k");
}

TEST(Mixture, AHuggingFaceCheckpointGetsTheSameAsItsGguf) {
    const Extents extents{8, 256, 256, 64};
    for (const Mixture& mixture : mixtures()) {
        const Model gguf = llamaOf(extents, false), other = llamaOf(extents, false, true);
        const Recipe a = mixtureRecipe(mixture, gguf), b = mixtureRecipe(mixture, other);
        for (std::size_t i = 0; i < gguf.layers.size(); ++i) EXPECT_EQ(schemeFor(a, gguf, i), schemeFor(b, other, i)) << mixture.name << " " << other.layers[i].name;
    }
}

TEST(Mixture, ATiedEmbeddingIsCodedAsTheHeadThatItIs) {
    const Model model = llamaOf({}, false);
    EXPECT_EQ(codecOfLayer(mixtureRecipe(*findMixture("Q4_K_M"), model), model, "token_embd"), "q6_k");
    EXPECT_EQ(codecOfLayer(mixtureRecipe(*findMixture("Q8_0"), model), model, "token_embd"), "q8_0");
}

TEST(Mixture, EveryRowNamesCodecsThatExist) {
    for (const Mixture& mixture : mixtures()) {
        EXPECT_TRUE(findCodec(mixture.base)) << mixture.name;
        EXPECT_TRUE(validate(mixtureRecipe(mixture, llamaOf({}, true)), llamaOf({}, true)).empty()) << mixture.name;
    }
}

}  // namespace
}  // namespace bitlathe
