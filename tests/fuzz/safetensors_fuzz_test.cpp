// Damaged safetensors files: a clear error or a model whose every layer can be looked at, never a crash.
#include "core/base/error.h"
#include "core/formats/gguf/gguf.h"
#include "core/formats/safetensors/safetensors.h"
#include "core/workflow/weight_source.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bitlathe {
namespace {

class SafetensorsFuzz : public testing::Test {
protected:
    bool feed(const std::string& bytes) {
        const std::string path = m_file.write(bytes);
        JobContext job;
        try {
            const Model model = safetensors::read(path, job);
            for (std::size_t i = 0; i < model.layers.size(); ++i) {
                EXPECT_EQ(weightSource(model, i).values.count(), model.layers[i].parameters);
                const ChannelLayout& layout = model.layers[i].layout;
                EXPECT_EQ(layout.outer * layout.channels * layout.inner, model.layers[i].parameters);
            }
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
            return false;
        }
    }

    MemoryFile m_file;
};

TEST_F(SafetensorsFuzz, EveryPrefixIsRefused) {
    const std::string sample = smallSafetensors();
    EXPECT_TRUE(feed(sample));
    for (std::size_t length = 0; length < sample.size(); ++length) EXPECT_FALSE(feed(sample.substr(0, length))) << length;
}

TEST_F(SafetensorsFuzz, EveryFlippedByteIsRefusedOrRead) {
    const std::string sample = smallSafetensors();
    for (std::size_t at = 0; at < sample.size(); ++at)
        for (const int flip : {0x01, 0x02, 0x08, 0x40, 0x80, 0xff}) {
            std::string bytes = sample;
            bytes[at] = static_cast<char>(bytes[at] ^ flip);
            feed(bytes);
        }
}

TEST_F(SafetensorsFuzz, MutationsAreRefusedOrRead) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    const int count = text ? std::atoi(text) : 6000;
    int read = 0;
    for (int i = 0; i < count; ++i) read += feed(mutated(smallSafetensors(), static_cast<std::uint64_t>(i)));
    std::printf("%d of %d mutations were still models\n", read, count);
    EXPECT_GT(read, 0);
}

// What lies beside the weights: an index, the configuration, the tokenizer. The conversion to GGUF reads all of it.
TEST_F(SafetensorsFuzz, DamagedFilesBesideAreRefusedOrPassedOver) {
    const std::filesystem::path folder = writeSample("marker", "").parent_path() / "fuzz-checkpoint";
    std::filesystem::create_directories(folder);
    const auto put = [&](const char* name, const std::string& text) { std::ofstream(folder / name, std::ios::binary) << text; };
    const std::vector<std::pair<const char*, std::string>> texts = {
        {"config.json", R"({"model_type":"llama","hidden_size":16,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"max_position_embeddings":8,"rope_scaling":{"rope_type":"llama3","factor":8.0,"original_max_position_embeddings":4},
            "quantization_config":{"quant_method":"gptq","bits":4,"group_size":8,"config_groups":{"group_0":{"weights":{"num_bits":4,"block_structure":[8,8]}}}}})"},
        {"tokenizer.json", R"({"added_tokens":[{"id":3,"content":"<x>","special":true}],"normalizer":{"type":"Prepend"},"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}})"},
        {"tokenizer_config.json", R"({"bos_token":"<x>","eos_token":{"content":"a"},"chat_template":"t"})"},
        {"model.safetensors.index.json", R"({"metadata":{},"weight_map":{"model.embed_tokens.weight":"a.safetensors","model.layers.0.self_attn.q_proj.weight":"a.safetensors"}})"},
    };
    put("a.safetensors", SafetensorsSample().tensor("model.embed_tokens.weight", "F32", {4, 16}, std::string(256, 'a')).tensor("model.layers.0.self_attn.q_proj.weight", "F32", {16, 16}, std::string(1024, 'a')).bytes());
    int read = 0;
    for (std::size_t damaged = 0; damaged < texts.size(); ++damaged)
        for (std::uint64_t i = 0; i < 400; ++i) {
            for (std::size_t f = 0; f < texts.size(); ++f) put(texts[f].first, f == damaged && i > 0 ? mutated(texts[f].second, i) : texts[f].second);
            JobContext job;
            try {
                const Model model = readModel(folder, job);
                ++read;
                for (std::size_t l = 0; l < model.layers.size(); ++l) EXPECT_EQ(weightSource(model, l).values.count(), model.layers[l].parameters);
                for (const Issue& issue : gguf::convertsToGguf(model) ? gguf::checkConversion(model, {}) : std::vector<Issue>()) EXPECT_GT(issue.message.size(), 10u);
            } catch (const Error& error) {
                EXPECT_GT(error.message().size(), 20u);
            }
        }
    std::printf("%d of %d folders were still models\n", read, 1600);
    EXPECT_GT(read, 100);
    std::filesystem::remove_all(folder);
}

TEST_F(SafetensorsFuzz, AHeadThatNestsWithoutEndIsRefused) {
    const std::string deep(200'000, '[');
    EXPECT_FALSE(feed(safetensorsFile("{\"a\":" + deep, "")));
    std::string objects = "{\"a\":";
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_FALSE(feed(safetensorsFile(objects, "")));
}

}  // namespace
}  // namespace bitlathe
