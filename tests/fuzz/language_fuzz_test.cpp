// Hostile keys and tensors of language models: a clear error, or a network that reads tokens, never a crash.
#include "core/base/error.h"
#include "core/language/architecture.h"
#include "core/workflow/generate.h"
#include "core/workflow/load.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/fuzz/mutations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

namespace bitlathe {
namespace {

std::string real(float value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

// 1 layer, 8 wide, 2 heads on 1 of keys, 10 tokens.
std::string tinyLanguage(const std::string& architecture, bool blocks) {
    GgufSample sample;
    const std::string a = architecture + ".";
    sample.text("general.architecture", architecture).number(a + "context_length", 16).number(a + "embedding_length", 32).number(a + "block_count", 1).number(a + "feed_forward_length", 32);
    sample.number(a + "attention.head_count", 2).number(a + "attention.head_count_kv", 1).raw(a + "attention.layer_norm_rms_epsilon", 6, real(1e-5f)).number(a + "attention.sliding_window", 3);
    sample.number(a + "rope.dimension_count", 16).raw(a + "rope.freq_base", 6, real(1e4f)).text(a + "rope.scaling.type", "linear").raw(a + "rope.scaling.factor", 6, real(2.0f));
    unsigned seed = 1;
    const auto add = [&](const std::string& name, std::uint64_t columns, std::uint64_t rows) {
        std::vector<float> values(columns * std::max<std::uint64_t>(1, rows));
        for (float& value : values) value = std::sin(static_cast<float>(seed = seed * 1103515245u + 12345u));
        const bool coded = blocks && rows > 0;
        sample.tensor(name, rows > 0 ? std::vector<std::uint64_t>{columns, rows} : std::vector<std::uint64_t>{columns}, coded ? 8 : 0, coded ? std::string(columns / 32 * rows * 34, '\x2c') : bytesOf(values));
    };
    add("token_embd.weight", 32, 10), add("output_norm.weight", 32, 0), add("blk.0.attn_norm.weight", 32, 0), add("blk.0.attn_q.weight", 32, 32), add("blk.0.attn_k.weight", 32, 16);
    add("blk.0.attn_v.weight", 32, 16), add("blk.0.attn_output.weight", 32, 32), add("blk.0.ffn_norm.weight", 32, 0), add("blk.0.ffn_gate.weight", 32, 32), add("blk.0.ffn_up.weight", 32, 32), add("blk.0.ffn_down.weight", 32, 32);
    if (architecture == "qwen3") add("blk.0.attn_q_norm.weight", 16, 0), add("blk.0.attn_k_norm.weight", 16, 0);
    return sample.bytes();
}

class LanguageFuzz : public testing::Test {
protected:
    // True when it was a network and could read tokens.
    bool feed(const std::string& bytes) {
        const std::string path = m_file.write(bytes);
        try {
            const auto model = loadModel(path, m_machine, m_job);
            DecodeSession session(prepareLanguage(model, EngineMode::Integer, m_machine), {.context = 8}, m_workers);
            const std::vector<std::int32_t> tokens{1, 2, 3, 0};
            EXPECT_EQ(static_cast<std::int64_t>(session.feed(tokens, m_job).size()), session.vocabulary());
            session.feed(std::span(tokens).first(1), m_job);
            return true;
        } catch (const Error& error) {
            EXPECT_GT(error.message().size(), 20u);
        } catch (const std::bad_alloc&) {
            ADD_FAILURE() << "memory for numbers that nobody checked";
        }
        return false;
    }
    MemoryFile m_file;
    Machine m_machine = Machine::detect();
    Workers m_workers{1};
    JobContext m_job;
};

TEST_F(LanguageFuzz, EveryFlippedByteOfTheHeadIsRefusedOrRuns) {
    for (const std::string architecture : {"llama", "qwen3"}) {
        const std::string sample = tinyLanguage(architecture, false);
        ASSERT_TRUE(feed(sample));
        ASSERT_TRUE(feed(tinyLanguage(architecture, true)));
        const std::size_t head = sample.find("blk.0.ffn_down.weight") + 60;
        for (std::size_t at = 0; at < head; ++at)
            for (const int flip : {0x01, 0x04, 0x20, 0x80, 0xff}) {
                std::string bytes = sample;
                bytes[at] = static_cast<char>(bytes[at] ^ flip);
                feed(bytes);
            }
    }
}

TEST_F(LanguageFuzz, MutationsAreRefusedOrRun) {
    const char* text = std::getenv("BITLATHE_FUZZ_ROUNDS");
    const int count = text ? std::atoi(text) : 3000;
    int ran = 0;
    for (int i = 0; i < count; ++i) ran += feed(mutated(tinyLanguage(i % 2 ? "llama" : "qwen3", i % 3 == 0), static_cast<std::uint64_t>(i)));
    std::printf("%d of %d mutations still ran\n", ran, count);
    EXPECT_GT(ran, 0);
}

TEST_F(LanguageFuzz, HostileConfigurationsAreRefusedOrDescribed) {
    for (const std::string sample : {R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "vocab_size": 10, "rms_norm_eps": 1e-5,
                                         "rope_theta": 10000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}})",
                                     R"({"model_type": "phi3", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 128, "original_max_position_embeddings": 32, "sliding_window": 9,
                                         "rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1, 1, 1, 1, 1, 1], "long_factor": [2, 2, 2, 2, 2, 2, 2, 2]}})",
                                     R"({"model_type": "gemma3_text", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "head_dim": 16, "max_position_embeddings": 128, "sliding_window_pattern": 6, "query_pre_attn_scalar": 16})"}) {
        int described = 0;
        for (std::uint64_t i = 0; i < 4000; ++i) {
            Model model;
            model.format = "safetensors";
            model.metadata.emplace_back("config.json", i == 0 ? sample : mutated(sample, i));
            try {
                const auto spec = describeLanguage(model);
                if (spec && spec->runs()) {
                    ++described;
                    EXPECT_GT(spec->headSize, 0);
                    EXPECT_GT(spec->context, 0);
                    EXPECT_EQ(spec->heads % spec->kvHeads, 0);
                    EXPECT_GE(spec->windowPeriod, 1);
                }
            } catch (const Error& error) {
                EXPECT_GT(error.message().size(), 20u);
            }
        }
        EXPECT_GT(described, 1);
    }
}

}  // namespace
}  // namespace bitlathe
