// Checkpoints with Hugging Face's names as GGUF: names, order of rows, keys, vocabulary.
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/formats/format.h"
#include "core/formats/gguf/container.h"
#include "core/formats/gguf/vocabulary.h"
#include "core/language/architecture.h"
#include "core/language/tokenizer_gguf.h"
#include "core/tensor/convert.h"
#include "core/workflow/export.h"
#include "core/workflow/load.h"
#include "core/workflow/load_tokenizer.h"
#include "tests/core/formats/gguf_sample.h"
#include "tests/core/formats/safetensors_sample.h"
#include "tests/core/language/sentencepiece_sample.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;

std::vector<float> counting(std::size_t count, float from) {
    std::vector<float> x(count);
    for (std::size_t i = 0; i < count; ++i) x[i] = from + 0.25f * float(i);
    return x;
}

class ExportConvert : public testing::Test {
protected:
    void SetUp() override {
        m_root = writeSample("marker", "").parent_path() / "convert";
        fs::remove_all(m_root);
        fs::create_directories(m_root / "source");
    }
    void beside(const std::string& name, const std::string& text) { std::ofstream(m_root / "source" / name, std::ios::binary) << text; }
    // Values of every tensor of the GGUF file that the folder becomes.
    std::map<std::string, Tensor> converted(const std::string& codec = {}) {
        ExportRequest request;
        request.model = loadModel(m_source.empty() ? m_root / "source" : m_source, Machine::detect(Isa::Reference), job);
        request.target = "llama.cpp";
        request.path = m_root / "out.gguf";
        if (!codec.empty()) {
            request.recipe.defaults.weights.emplace();
            request.recipe.defaults.weights->codec = codec;
        }
        m_plan = exportModel(request, workers, job).plan;
        m_model = readModel(request.path, job);
        std::map<std::string, Tensor> tensors;
        for (const Layer& layer : m_model.layers) tensors[m_model.graph.value(layer.weight).name] = weightOf(m_model.graph, layer);
        return tensors;
    }
    std::string key(const std::string& name) const {
        for (const auto& [own, value] : m_model.metadata)
            if (own == name) return value;
        return "none";
    }
    bool warns(const std::string& part) const {
        return std::any_of(m_plan.issues.begin(), m_plan.issues.end(), [&](const Issue& issue) { return issue.message.find(part) != std::string::npos; });
    }

    fs::path m_root, m_source;  // the folder "source" where nothing else is said
    Model m_model;
    ExportPlan m_plan;
    Workers workers{2};
    JobContext job;
};

// The same weights in both forms: what is converted is the very file that llama.cpp's world has.
TEST_F(ExportConvert, TheStoriesCheckpointBecomesTheGgufOfTheCorpus) {
    const fs::path corpus = fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus/stories260k-llm/derived";
    if (!fs::exists(corpus)) GTEST_SKIP() << corpus << " is not here";
    for (const char* file : {"config.json", "model.safetensors"}) fs::copy_file(corpus / "hf" / file, m_root / "source" / file);
    const auto tensors = converted();
    const Model expected = readModel(corpus / "stories260K-f32-GGUFv3.gguf", job);
    ASSERT_EQ(tensors.size(), expected.layers.size());
    for (const Layer& layer : expected.layers) {
        const std::string name = expected.graph.value(layer.weight).name;
        ASSERT_TRUE(tensors.contains(name)) << name;
        EXPECT_EQ(tensors.at(name), weightOf(expected.graph, layer)) << name;
    }
    const auto got = describeLanguage(m_model), meant = describeLanguage(expected);
    ASSERT_TRUE(got && meant);
    EXPECT_EQ(*got, *meant);
    EXPECT_TRUE(warns("no tokenizer.json"));
}

TEST_F(ExportConvert, ABlockFormatIsCodedAfterRowsAreTurned) {
    const fs::path corpus = fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus/stories260k-llm/derived";
    if (!fs::exists(corpus)) GTEST_SKIP() << corpus << " is not here";
    for (const char* file : {"config.json", "model.safetensors"}) fs::copy_file(corpus / "hf" / file, m_root / "source" / file);
    const auto tensors = converted("q8_0");
    ExportRequest request;
    request.model = loadModel(corpus / "stories260K-f32-GGUFv3.gguf", Machine::detect(Isa::Reference), job);
    request.recipe.defaults.weights.emplace();
    request.recipe.defaults.weights->codec = "q8_0";
    request.path = m_root / "meant.gguf";
    exportModel(request, workers, job);
    const Model expected = readModel(request.path, job);
    for (const Layer& layer : expected.layers) {
        const std::string name = expected.graph.value(layer.weight).name;
        EXPECT_EQ(tensors.at(name), weightOf(expected.graph, layer)) << name;
    }
}

TEST_F(ExportConvert, ACheckpointOfLlama2cBecomesTheSameFileWithItsVocabulary) {
    const fs::path corpus = fs::path(BITLATHE_SOURCE_DIR) / "../shared/corpus/stories260k-llm";
    if (!fs::exists(corpus)) GTEST_SKIP() << corpus << " is not here";
    for (const char* file : {"stories260K.bin", "tok512.bin"}) fs::copy_file(corpus / file, m_root / "source" / file);
    m_source = m_root / "source/stories260K.bin";
    const auto tensors = converted();
    const Model expected = readModel(corpus / "derived/stories260K-f32-GGUFv3.gguf", job);
    ASSERT_EQ(tensors.size(), expected.layers.size());
    for (const Layer& layer : expected.layers) EXPECT_EQ(tensors.at(expected.graph.value(layer.weight).name), weightOf(expected.graph, layer)) << layer.name;
    EXPECT_EQ(*describeLanguage(m_model), *describeLanguage(expected));
    const auto got = gguf::readVocabulary(m_root / "out.gguf", job), meant = gguf::readVocabulary(corpus / "derived/stories260K-f32-GGUFv3.gguf", job);
    ASSERT_TRUE(got && meant);
    EXPECT_EQ(got->tokens, meant->tokens);
    EXPECT_EQ(got->scores, meant->scores);
    EXPECT_EQ(got->kinds, meant->kinds);
}

constexpr const char* kTiny = R"({"model_type": "%", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
    "vocab_size": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 500000.0, "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 64, "layer_norm_epsilon": 1e-5})";
std::string configOf(const std::string& type) {
    std::string text = kTiny;
    return text.replace(text.find('%'), 1, type);
}

SafetensorsSample blockOf(const std::string& extra = {}, const std::vector<std::int64_t>& query = {8, 8}) {
    SafetensorsSample sample;
    sample.tensor("model.embed_tokens.weight", "F32", {4, 8}, bytesOf(counting(32, 0))).tensor("model.norm.weight", "F32", {8}, bytesOf(counting(8, 0)));
    const std::string at = "model.layers.0.";
    sample.tensor(at + "input_layernorm.weight", "F32", {8}, bytesOf(counting(8, 1))).tensor(at + "post_attention_layernorm.weight", "F32", {8}, bytesOf(counting(8, 2)));
    std::size_t ofQuery = 1;
    for (const std::int64_t extent : query) ofQuery *= static_cast<std::size_t>(extent);
    sample.tensor(at + "self_attn.q_proj.weight", "F32", query, bytesOf(counting(ofQuery, 3))).tensor(at + "self_attn.k_proj.weight", "F32", {4, 8}, bytesOf(counting(32, 4)));
    sample.tensor(at + "self_attn.v_proj.weight", "F32", {4, 8}, bytesOf(counting(32, 5))).tensor(at + "self_attn.o_proj.weight", "F32", {8, 8}, bytesOf(counting(64, 6)));
    sample.tensor(at + "mlp.gate_proj.weight", "F32", {12, 8}, bytesOf(counting(96, 7))).tensor(at + "mlp.up_proj.weight", "F32", {12, 8}, bytesOf(counting(96, 8)));
    sample.tensor(at + "mlp.down_proj.weight", "F32", {8, 12}, bytesOf(counting(96, 9)));
    if (!extra.empty()) sample.tensor(extra, "F32", {8}, bytesOf(counting(8, 10)));
    return sample;
}

TEST_F(ExportConvert, QwenKeepsItsRowsAndMistralTurnsThem) {
    beside("config.json", configOf("qwen2"));
    beside("model.safetensors", blockOf("model.layers.0.self_attn.q_proj.bias").bytes());
    auto tensors = converted();
    EXPECT_EQ(key("general.architecture"), "qwen2");
    EXPECT_EQ(key("qwen2.feed_forward_length"), "12");
    EXPECT_EQ(key("qwen2.attention.head_count_kv"), "1");
    EXPECT_EQ(tensors.at("blk.0.attn_q.weight"), Tensor::of(Shape{8, 8}, counting(64, 3)));
    EXPECT_EQ(tensors.at("blk.0.attn_q.bias"), Tensor::of(Shape{8}, counting(8, 10)));

    beside("config.json", configOf("mistral"));
    tensors = converted();
    EXPECT_EQ(key("general.architecture"), "llama");
    const auto turned = tensors.at("blk.0.attn_q.weight");
    for (const auto& [row, from] : {std::pair(0, 0), std::pair(1, 2), std::pair(2, 1), std::pair(3, 3), std::pair(4, 4), std::pair(5, 6)})
        EXPECT_EQ(turned.as<float>()[std::size_t(row) * 8], 3 + 0.25f * float(from * 8)) << row;
    const float bias[] = {10, 10.5f, 10.25f, 10.75f, 11, 11.5f, 11.25f, 11.75f};
    EXPECT_EQ(tensors.at("blk.0.attn_q.bias"), Tensor::of(Shape{8}, std::span<const float>(bias)));
    EXPECT_EQ(tensors.at("blk.0.attn_v.weight"), Tensor::of(Shape{4, 8}, counting(32, 5)));
}

TEST_F(ExportConvert, GemmasNormsAreOneMore) {
    beside("config.json", configOf("gemma"));
    beside("model.safetensors", blockOf().bytes());
    const auto tensors = converted();
    EXPECT_EQ(tensors.at("blk.0.attn_norm.weight"), Tensor::of(Shape{8}, counting(8, 2)));
    EXPECT_EQ(tensors.at("output_norm.weight"), Tensor::of(Shape{8}, counting(8, 1)));
    EXPECT_EQ(tensors.at("blk.0.attn_q.weight"), Tensor::of(Shape{8, 8}, counting(64, 3)));
}

TEST_F(ExportConvert, WhatGgufHasNoWordsForIsRefusedAndNotLost) {
    for (const auto& [extra, sentence] : {std::pair(R"(, "query_pre_attn_scalar": 9.0})", "attention is scaled by 0.333333 and not by 0.5"),
                                          std::pair(R"(, "query_pre_attn_scalar": 4.0, "sliding_window": 8, "layer_types": ["sliding_attention"]})", "of 2 layers one sees everything, and not of 6")}) {
        std::string config = configOf("gemma3_text");
        beside("config.json", config.substr(0, config.rfind('}')) + extra);
        beside("model.safetensors", blockOf().bytes());
        try {
            converted();
            ADD_FAILURE() << extra;
        } catch (const Error& error) {
            EXPECT_NE(error.message().find(sentence), std::string::npos) << error.message();
        }
        EXPECT_FALSE(fs::exists(m_root / "out.gguf"));
    }
}

TEST_F(ExportConvert, Gpt2sMatricesAreTurned) {
    beside("config.json", configOf("gpt2"));
    SafetensorsSample sample;
    sample.tensor("wte.weight", "F32", {4, 8}, bytesOf(counting(32, 0))).tensor("wpe.weight", "F32", {64, 8}, bytesOf(counting(512, 0))).tensor("ln_f.weight", "F32", {8}, bytesOf(counting(8, 0)));
    sample.tensor("h.0.attn.c_attn.weight", "F32", {8, 24}, bytesOf(counting(192, 1))).tensor("h.0.attn.bias", "F32", {1, 1, 2, 2}, bytesOf(counting(4, 0))).tensor("h.0.mlp.c_fc.weight", "F16", {8, 32}, std::string(512, '\x3c'));
    beside("model.safetensors", sample.bytes());
    const auto tensors = converted();
    const Tensor& fused = tensors.at("blk.0.attn_qkv.weight");
    EXPECT_EQ(fused.shape(), (Shape{24, 8}));
    for (std::size_t r = 0; r < 24; ++r)
        for (std::size_t c = 0; c < 8; ++c) ASSERT_EQ(fused.as<float>()[r * 8 + c], 1 + 0.25f * float(c * 24 + r));
    EXPECT_FALSE(tensors.contains("h.0.attn.bias"));
    EXPECT_EQ(tensors.at("blk.0.ffn_up.weight").shape(), (Shape{32, 8}));
    for (const Layer& layer : m_model.layers)
        if (layer.name == "blk.0.ffn_up") EXPECT_EQ(layer.storedAs, "float16");
    EXPECT_EQ(key("gpt2.feed_forward_length"), "32");
}

TEST_F(ExportConvert, ATensorWithoutANameInGgufIsRefused) {
    beside("config.json", configOf("llama"));
    beside("model.safetensors", blockOf("model.layers.0.mystery.weight").bytes());
    EXPECT_THROW(converted(), Error);
}

TEST_F(ExportConvert, AQueryWeightThatIsAScalarOrACubeIsRefusedAndNotACrashOrAFile) {
    for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{}, {64}, {40, 1, 3}, {8, 8, 1}, {6, 8}, {8, 6}}) {
        for (const char* type : {"llama", "qwen2"}) {
            beside("config.json", configOf(type));
            beside("model.safetensors", blockOf({}, shape).bytes());
            fs::remove(m_root / "out.gguf");
            try {
                converted();
                ADD_FAILURE() << "exported with " << shape.size() << " axes of " << type;
            } catch (const Error& error) {
                EXPECT_NE(error.message().find("q_proj.weight' is "), std::string::npos) << error.message();
                EXPECT_NE(error.message().find("asks for 8 × 8"), std::string::npos) << error.message();
            }
            EXPECT_FALSE(fs::exists(m_root / "out.gguf"));
        }
    }
}

TEST_F(ExportConvert, ABiasOfAnotherLengthThanItsHeadsIsRefused) {
    beside("config.json", configOf("llama"));
    beside("model.safetensors", blockOf("model.layers.0.self_attn.k_proj.bias").bytes());  // 8 numbers for 4 rows
    EXPECT_THROW(converted(), Error);
}

TEST_F(ExportConvert, VectorsBecomeFloat32) {
    beside("config.json", configOf("llama"));
    SafetensorsSample sample = blockOf();
    sample.tensor("model.layers.0.self_attn.q_norm.weight", "BF16", {4}, std::string("\x80\x3f\x80\x3f\x80\x3f\x80\x3f", 8));
    beside("model.safetensors", sample.bytes());
    converted();
    for (const Layer& layer : m_model.layers)
        if (layer.shape.rank() == 1) EXPECT_EQ(layer.storedAs, "float32") << layer.name;
}

TEST_F(ExportConvert, ByteLevelVocabulariesAreCarried) {
    beside("config.json", configOf("qwen2"));
    beside("model.safetensors", blockOf().bytes());
    beside("tokenizer.json", R"({"added_tokens": [{"id": 3, "content": "<|end|>", "special": true}],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
    beside("tokenizer_config.json", R"({"eos_token": {"content": "<|end|>"}, "add_bos_token": false, "chat_template": "{{ messages }}"})");
    converted();
    const auto vocabulary = gguf::readVocabulary(m_root / "out.gguf", job);
    ASSERT_TRUE(vocabulary);
    EXPECT_EQ(vocabulary->model, "gpt2");
    EXPECT_EQ(vocabulary->pre, "qwen2");
    EXPECT_EQ(vocabulary->tokens, (std::vector<std::string>{"a", "b", "ab", "<|end|>"}));
    EXPECT_EQ(vocabulary->merges, std::vector<std::string>{"a b"});
    EXPECT_EQ(vocabulary->eos, 3);
    EXPECT_EQ(vocabulary->addBos, false);
    EXPECT_EQ(vocabulary->kind(3), TokenKind::Control);
    EXPECT_EQ(key("tokenizer.chat_template"), "{{ messages }}");
}

TEST_F(ExportConvert, AWayOfCuttingWithoutANameIsSaidAndCanBeChosen) {
    beside("config.json", configOf("qwen2"));
    beside("model.safetensors", blockOf().bytes());
    beside("tokenizer.json", R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\p{L}+|."}, "behavior": "Isolated"}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
    converted();
    EXPECT_TRUE(warns("cuts text in a way that llama.cpp has no name for"));
    EXPECT_EQ(key("tokenizer.ggml.pre"), "none");
    beside("tokenizer_config.json", R"({"tokenizer_ggml_pre": "gpt-2"})");
    converted();
    EXPECT_FALSE(warns("no name for"));
    EXPECT_EQ(key("tokenizer.ggml.pre"), "gpt-2");
}

TEST_F(ExportConvert, PiecesWithBytesToFallBackOnGetScores) {
    beside("config.json", configOf("llama"));
    beside("model.safetensors", blockOf().bytes());
    beside("tokenizer.json", R"({"added_tokens": [{"id": 0, "content": "<unk>", "special": true}], "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}]},
        "model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "vocab": {"<unk>": 0, "<0x0A>": 1, "aa": 2}, "merges": ["a a"]}})");
    converted();
    const auto vocabulary = gguf::readVocabulary(m_root / "out.gguf", job);
    ASSERT_TRUE(vocabulary);
    EXPECT_EQ(vocabulary->model, "llama");
    EXPECT_EQ(vocabulary->kind(0), TokenKind::Unknown);
    EXPECT_EQ(vocabulary->kind(1), TokenKind::Byte);
    EXPECT_EQ(vocabulary->scores[2], 0.0f);
    EXPECT_LT(vocabulary->scores[1], 0.0f);
    EXPECT_EQ(vocabulary->tokens[3], "[PAD3]");  // the embedding has a row more
    EXPECT_EQ(vocabulary->kind(3), TokenKind::Unused);
    EXPECT_EQ(vocabulary->addSpacePrefix, true);
}

TEST_F(ExportConvert, ATokenizerModelIsTakenWhereThereIsNoTokenizerJson) {
    std::string config = configOf("llama");
    beside("config.json", config.replace(config.find("\"vocab_size\": 4"), 15, "\"vocab_size\": 272"));
    SafetensorsSample sample;
    sample.tensor("model.embed_tokens.weight", "F32", {272, 8}, bytesOf(counting(2176, 0)));
    beside("model.safetensors", sample.bytes());
    beside("tokenizer.model", sentencepiece::model(2));
    beside("added_tokens.json", R"({"<|end|>": 265})");
    beside("generation_config.json", R"({"eos_token_id": [2, 265]})");
    beside("chat_template.jinja", "{{ messages }}");
    converted();
    EXPECT_EQ(key("tokenizer.chat_template"), "{{ messages }}");
    const auto vocabulary = gguf::readVocabulary(m_root / "out.gguf", job);
    ASSERT_TRUE(vocabulary);
    EXPECT_EQ(vocabulary->model, "llama");
    ASSERT_EQ(vocabulary->tokens.size(), 272u);
    EXPECT_EQ(vocabulary->tokens[265], "<|end|>");
    EXPECT_EQ(vocabulary->kinds[271], TokenKind::Unused);
    EXPECT_EQ(vocabulary->eos, 2);
    EXPECT_EQ(vocabulary->eot, 265);
    EXPECT_EQ(loadTokenizer(m_root / "source", job).encode("ab a é"), makeTokenizer(*vocabulary).encode("ab a é"));
}

TEST_F(ExportConvert, ADamagedTokenizerIsSaidAndLeftOut) {
    beside("config.json", configOf("llama"));
    beside("model.safetensors", blockOf().bytes());
    for (const char* text : {"{", "[]", R"({"model": {"type": "BPE", "vocab": {"a": -3}}})", R"({"model": {"type": "Other"}})", R"({"model": {"type": "BPE", "vocab": {"a": 99999999999}}})"}) {
        beside("tokenizer.json", text);
        converted();
        EXPECT_TRUE(warns("the file gets no vocabulary")) << text;
        EXPECT_EQ(key("tokenizer.ggml.model"), "none");
    }
}

}  // namespace
}  // namespace bitlathe
